"""TensorRT: builds engines from tapped graphs, keeps them on disk, runs them, and reads what became of their layers.

Works with named tensors only, so with TensorRT 8.5 and newer. Importing this package imports neither TensorRT nor
Polygraphy; `parity.engines.tensorrt.runner` and `.plan` are imported by whoever runs one.
"""

from parity.engines.tensorrt.options import TensorRTOptions

__all__ = ["TensorRTOptions"]
