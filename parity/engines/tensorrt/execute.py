"""Running an engine on host arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.engines.tensorrt.build import engine_errors
from parity.engines.tensorrt.installed import import_polygraphy_trt, import_tensorrt
from parity.errors import ParityError

__all__ = ["LoadedEngine", "load_engine"]


class LoadedEngine:
    """An engine that is ready to run; `load_engine` makes it."""

    def __init__(self, engine: Any, runner: Any) -> None:
        self._engine = engine
        self._runner = runner

    @property
    def engine(self) -> Any:
        """TensorRT's own object."""
        return self._engine

    def names(self, *, inputs: bool) -> tuple[str, ...]:
        """Names of its inputs, or of its outputs."""
        mode = import_tensorrt().TensorIOMode
        wanted = mode.INPUT if inputs else mode.OUTPUT
        names = (self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors))
        return tuple(str(name) for name in names if self._engine.get_tensor_mode(name) == wanted)

    def dtype(self, name: str) -> str:
        """numpy's name of the type of an input or output; ``bfloat16`` where numpy has none."""
        trt = import_tensorrt()
        dtype = self._engine.get_tensor_dtype(name)
        if dtype == getattr(trt, "bfloat16", None):
            return "bfloat16"
        return str(np.dtype(trt.nptype(dtype)))

    def run(self, feeds: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """All outputs by name, in memory of their own.

        Args:
            feeds: every input, of any integer or floating type that its own can hold.

        Raises:
            ParityError: TensorRT fails.
        """
        ready = {name: np.ascontiguousarray(array.astype(self.dtype(name))) for name, array in feeds.items()}
        with engine_errors("running the engine"):
            outputs = self._runner.infer(ready, check_inputs=False)
            return {name: np.array(array, copy=True) for name, array in outputs.items()}

    def kernel_seconds(self, feeds: Mapping[str, npt.NDArray[Any]], *, repeats: int) -> tuple[float, ...]:
        """What the kernels of each of `repeats` runs take by TensorRT's profiler, after one that warms up.

        Transfers between host and GPU are not in it.

        Args:
            feeds: as for `run`.
            repeats: how often to run.

        Raises:
            ParityError: TensorRT fails, or its profiler tells nothing.
        """
        profiler = _layer_times(import_tensorrt())
        taken = []
        with engine_errors("timing the engine"):
            self._runner.context.profiler = profiler
        for _ in range(repeats + 1):
            profiler.milliseconds = 0.0
            self.run(feeds)
            taken.append(profiler.milliseconds / 1e3)
        if not all(taken):
            raise ParityError("TensorRT's profiler told no times", cure="time the engine with trtexec --loadEngine")
        return tuple(taken[1:])


def _layer_times(trt: Any) -> Any:
    """A profiler that adds up what every layer takes."""

    class LayerTimes(trt.IProfiler):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IProfiler.__init__(self)
            self.milliseconds = 0.0

        def report_layer_time(self, layer_name: str, ms: float) -> None:
            self.milliseconds += ms

    return LayerTimes()


@contextmanager
def load_engine(plan: bytes, *, at: str) -> Iterator[LoadedEngine]:
    """Deserialize `plan`, and give all its memory back at the end of the block.

    Args:
        plan: as TensorRT serialized it.
        at: what it is, for messages.

    Raises:
        ParityError: it was built for another GPU or by another version of TensorRT, or has outputs in bf16.
    """
    polygraphy = import_polygraphy_trt()
    with engine_errors(f"reading {at}: built for another GPU, or by another version?"):
        engine = polygraphy.engine_from_bytes(plan)
        runner = polygraphy.TrtRunner(engine)
        runner.activate()
    loaded = LoadedEngine(engine, runner)
    try:
        _refuse_bfloat16(loaded, at)
        yield loaded
    finally:
        runner.deactivate()


def _refuse_bfloat16(loaded: LoadedEngine, at: str) -> None:
    """numpy knows no bf16, so Polygraphy's runner can't hand such an output out."""
    wide = [name for name in loaded.names(inputs=False) if loaded.dtype(name) == "bfloat16"]
    if wide:
        raise ParityError(
            f"{at}: {len(wide)} outputs are in bf16, which can't be read from an engine: {', '.join(wide[:4])}",
            cure="mark casts to fp32 instead, as copies=fp32 does; nothing is lost by it",
        )
