"""Opening a network in the engine that was asked for; each engine is imported only where it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from parity.runner import Runner
from parity.session.progress import Progress
from parity.taps import TapGraph

__all__ = ["open_engine", "open_plan", "require_engine"]


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
