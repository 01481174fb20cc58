"""Inference engines that run a tapped graph.

Importing this package imports no engine: `parity.engines.onnxruntime` and
`parity.engines.tensorrt.runner` are imported by whoever runs one.
"""

from parity.engines.network_info import NetworkInfo
from parity.engines.spec import (
    KNOWN_ENGINES,
    CandidateSpec,
    DumpFolder,
    EngineSpec,
    NetworkFile,
    PlanFile,
    parse_candidate,
)

__all__ = [
    "KNOWN_ENGINES",
    "CandidateSpec",
    "DumpFolder",
    "EngineSpec",
    "NetworkFile",
    "NetworkInfo",
    "PlanFile",
    "parse_candidate",
]
