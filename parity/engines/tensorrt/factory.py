"""Engines of this machine's TensorRT and GPU, built once and kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import onnx_ir

from parity.engines.tensorrt.build import build_engine
from parity.engines.tensorrt.cache import EngineCache, EngineKey
from parity.engines.tensorrt.device import Device, current_device
from parity.engines.tensorrt.engine_graph import EngineGraph
from parity.engines.tensorrt.installed import Capabilities, capabilities, import_tensorrt, require_dtype
from parity.engines.tensorrt.options import TensorRTOptions

__all__ = ["EngineFactory", "open_factory"]

_DEFAULT_SHARE = 0.5


@dataclass(frozen=True)
class EngineFactory:
    """Where engines come from; `open_factory` makes it.

    Attributes:
        options: how they are built.
        cache: where they are kept.
        device: what they are built for.
        able: what this version of TensorRT can do.
        tell: takes a line when a build begins.
    """

    options: TensorRTOptions
    cache: EngineCache
    device: Device
    able: Capabilities
    tell: Callable[[str], None]

    @property
    def output_budget(self) -> int:
        """Bytes that the outputs of one engine may take on the GPU."""
        return self.options.memory or int(_DEFAULT_SHARE * self.device.free_bytes)

    def versions(self) -> dict[str, str]:
        """Versions that a dump has to name."""
        return {"tensorrt": self.able.version, "driver": self.device.driver, "onnx_ir": onnx_ir.__version__}

    def flags(self) -> dict[str, str]:
        """Numeric settings that a dump has to name."""
        settings = self._settings()
        types = "strongly typed" if self.able.strongly_typed else settings.pop("types")
        return {"device": self.device.name, **settings, "types": types}

    def plan(self, graph: EngineGraph, *, dtype: str, weights: str, weights_folder: Path, words: str) -> bytes:
        """The serialized engine of `graph`, from disk where it has been built before.

        Args:
            graph: what to build.
            dtype: numpy's name of what it computes in.
            weights: digest of the weights that the graph points to; empty where it points to none.
            weights_folder: where they lie.
            words: what is built, for whoever waits.

        Raises:
            ParityError: TensorRT can't build it.
        """
        key = EngineKey(
            graph=graph.digest,
            weights=weights,
            settings={"dtype": dtype, **self._settings()},
            device=f"{self.device.name} {self.device.compute_capability}",
            driver=self.device.driver,
            tensorrt=self.able.version,
        )

        def build(timing_cache: Path) -> bytes:
            self.tell(f"building a TensorRT {self.able.version} engine for {self.device.name}: {words}")
            return build_engine(
                graph, dtype=dtype, options=self.options, weights_folder=weights_folder, timing_cache=timing_cache
            )

        return self.cache.get(key, build)

    def _settings(self) -> dict[str, str]:
        """What an engine depends on beside its graph; memory only decides how taps are spread over engines."""
        settings = asdict(self.options)
        del settings["memory"]
        return {name: str(value) for name, value in settings.items()}


def open_factory(options: TensorRTOptions, *, dtype: str, folder: Path, tell: Callable[[str], None]) -> EngineFactory:
    """The factory of this machine.

    Args:
        options: how engines are built.
        dtype: numpy's name of what they will compute in.
        folder: where they are kept.
        tell: takes a line when a build begins.

    Raises:
        ParityError: TensorRT or a GPU is missing, or can't compute in `dtype`.
    """
    require_dtype(dtype)
    return EngineFactory(options, EngineCache(folder), current_device(), capabilities(import_tensorrt()), tell)
