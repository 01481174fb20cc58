"""From a graph to a serialized engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parity.engines.tensorrt.engine_graph import EngineGraph, graph_file
from parity.engines.tensorrt.installed import capabilities, import_polygraphy_trt, import_tensorrt
from parity.engines.tensorrt.layer_types import set_types
from parity.engines.tensorrt.options import TensorRTOptions
from parity.errors import ParityError

__all__ = ["build_engine", "engine_errors"]


def build_engine(
    graph: EngineGraph, *, dtype: str, options: TensorRTOptions, weights_folder: Path, timing_cache: Path
) -> bytes:
    """Build an engine and return it as TensorRT serializes it.

    From TensorRT 10 on the network is strongly typed. Before, the builder may use fp16 wherever it likes in an fp16
    network, which `TensorRTOptions.types` narrows down.

    Args:
        graph: what to build.
        dtype: numpy's name of what the network computes in.
        options: how to build it.
        weights_folder: where the weights of `graph` lie; must be writable for as long as it is parsed.
        timing_cache: kernels timed before are looked up here, and new ones are added.

    Raises:
        ParityError: TensorRT can't parse or build it; its own reason is in the message.
    """
    trt, polygraphy = import_tensorrt(), import_polygraphy_trt()
    able = capabilities(trt)
    with engine_errors(f"building the engine in {dtype}"):
        with graph_file(graph, weights_folder) as path:
            network = polygraphy.network_from_onnx_path(str(path), strongly_typed=able.strongly_typed)
        if not able.strongly_typed and options.types != "free":
            set_types(trt, network[1], graph.types, options.accumulation)
        config = polygraphy.CreateConfig(**_settings(trt, dtype, options, strongly_typed=able.strongly_typed))
        config.timing_cache_path = str(timing_cache) if timing_cache.is_file() else None
        plan = polygraphy.engine_bytes_from_network(network, config=config, save_timing_cache=str(timing_cache))
        return bytes(plan)


def _settings(trt: Any, dtype: str, options: TensorRTOptions, *, strongly_typed: bool) -> dict[str, Any]:
    """Arguments of Polygraphy's `CreateConfig`; precision flags are refused where types are those of the graph."""
    fp16_products = dtype == "float16" and options.accumulation == "tf32"  # all operands are fp16 numbers
    settings: dict[str, Any] = {
        "tf32": options.tf32 == "on" or (fp16_products and not strongly_typed),
        "builder_optimization_level": options.level,
        "profiling_verbosity": trt.ProfilingVerbosity.DETAILED,
    }
    if options.tactic_sources == "none":
        settings["tactic_sources"] = []
    if not strongly_typed:
        settings |= {"fp16": dtype == "float16", "bf16": dtype == "bfloat16"}
        if options.types != "free":
            settings["precision_constraints"] = options.types
    return settings


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Turn what Polygraphy and TensorRT raise into one error that says what was being done."""
    from polygraphy.exception import PolygraphyException

    try:
        yield
    except (PolygraphyException, RuntimeError, TypeError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ParityError(
            f"TensorRT failed while {doing}: {reason}",
            cure="read TensorRT's own lines above; a lower level, other types or fewer taps often build",
        ) from error
