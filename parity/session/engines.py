"""Opening a network in the engine that was asked for; each engine is imported only where it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from parity.runner import Runner
from parity.session.progress import Progress
from parity.taps import TapGraph

if TYPE_CHECKING:
    from parity.engines.graph_engine import GraphEngine
    from parity.layerwise import Streams

__all__ = ["open_engine", "open_layerwise", "open_plan", "require_engine"]


def require_engine(engine: str, dtype: str) -> None:
    """Make sure that `engine` is here and computes in `dtype`, before anything that takes time.

    Raises:
        ParityError: it is not installed, has nothing to run on, or has no such type.
    """
    if engine == "tensorrt":
        from parity.engines.tensorrt.device import current_device
        from parity.engines.tensorrt.installed import require_dtype as require_tensorrt_dtype

        require_tensorrt_dtype(dtype)
        current_device()
        return
    from parity.engines.onnxruntime import require_dtype

    require_dtype(dtype)


def open_engine(
    engine: str,
    network: Path,
    graph: TapGraph | None,
    mapping: Mapping[str, str] | None,
    *,
    options: Mapping[str, str],
    progress: Progress,
) -> Runner:
    """The runner of an .onnx file.

    Args:
        engine: one of `parity.engines.KNOWN_ENGINES`.
        network: the file.
        graph: taps to look for; None where the file describes its own.
        mapping: tensor names of taps that are called otherwise.
        options: the engine's own.
        progress: told when engines are built.

    Raises:
        ParityError: as the engines name it.
    """
    if engine == "tensorrt":
        from parity.engines.tensorrt.runner import TensorRTRunner

        return TensorRTRunner(network, graph=graph, mapping=mapping, options=options, tell=progress.note)
    from parity.engines.onnxruntime import OnnxRuntimeRunner

    return OnnxRuntimeRunner(network, graph=graph, mapping=mapping, options=options)


def open_plan(path: Path, *, graph: TapGraph, mapping: Mapping[str, str] | None, options: Mapping[str, str]) -> Runner:
    """The runner of an engine that TensorRT has built already.

    Raises:
        ParityError: as `parity.engines.tensorrt.plan` names it.
    """
    from parity.engines.tensorrt.plan import PlanRunner

    return PlanRunner(path, graph=graph, mapping=mapping, options=options)


def open_layerwise(
    engine: str, checkpoint: Path, *, options: Mapping[str, str], streams: Streams | None, progress: Progress
) -> Runner:
    """The runner of a checkpoint, layer by layer.

    Args:
        engine: one of `parity.engines.KNOWN_ENGINES`.
        checkpoint: TensorRT-LLM checkpoint.
        options: the engine's own.
        streams: the reference's residual stream, for isolated layers; None to chain them.
        progress: told when engines are built.

    Raises:
        ParityError: as the engines and `read_checkpoint` name it.
    """
    from parity.layerwise import LayerwiseRunner
    from qwen_trt_model.layer_parts import open_parts

    parts = open_parts(checkpoint)
    return LayerwiseRunner(parts, _graphs(engine, parts.dtype, checkpoint, options, progress), streams=streams)


def _graphs(engine: str, dtype: str, checkpoint: Path, options: Mapping[str, str], progress: Progress) -> GraphEngine:
    if engine == "tensorrt":
        from parity.engines.tensorrt.factory import open_factory
        from parity.engines.tensorrt.graphs import TensorRTGraphs
        from parity.engines.tensorrt.options import TensorRTOptions
        from parity.engines.tensorrt.runner import ENGINES_FOLDER

        asked = TensorRTOptions.parse(options)
        factory = open_factory(asked, dtype=dtype, folder=checkpoint / ENGINES_FOLDER, tell=progress.note)
        return TensorRTGraphs(factory, dtype=dtype)
    from parity.engines.onnxruntime_graph import OnnxRuntimeGraphs

    return OnnxRuntimeGraphs(options, dtype=dtype)
