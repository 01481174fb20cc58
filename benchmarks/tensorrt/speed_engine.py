"""Speed of the engine's prefill: the network with no output but its logits. Run by `speed.sh`, after Hugging Face."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.tensorrt.entry import enter
from benchmarks.tensorrt.speed_table import Measured, Setting, SpeedTable, time_calls
from parity.engines.feeds import network_feeds
from parity.engines.spec import parse_options
from parity.engines.tapped_network import TappedNetwork, open_network
from parity.errors import ParityError
from parity.tokens import TokenBatch

__all__ = ["Prepared"]


@dataclass(frozen=True)
class Prepared:
    """An engine that lies ready with its inputs.

    Attributes:
        version: of the engine.
        call: begins one prefill.
        wait: returns when it is done.
        last_logits: those of the last token, ``[batch, vocabulary]``, after a prefill.
    """

    version: str
    call: Callable[[], object]
    wait: Callable[[], object]
    last_logits: Callable[[], npt.NDArray[Any]]


def main() -> None:
    options = _options()
    ends = time.perf_counter() + options.seconds
    network = open_network(options.network, graph=None, mapping=None)
    if network.info is None:
        raise ParityError(f"{options.network}: says nothing about itself", cure="build it with `parity build`")
    table = SpeedTable(options.out, options.scratch, model=network.info.model, shape=network.info.shape)
    mode = f"unprobed {options.engine_options}".strip()
    longest = 0.0
    for setting in Setting.parse_all(options.settings):
        if table.has(mode, setting):
            continue
        if time.perf_counter() + longest > ends:
            print(f"no time left for {mode} {setting}")
            break
        longest = max(longest, _measure(options, network, mode, setting, table))


def _measure(
    options: argparse.Namespace, network: TappedNetwork, mode: str, setting: Setting, table: SpeedTable
) -> float:
    """Add one row; returns the seconds that it took."""
    assert network.info is not None
    started = time.perf_counter()
    chosen = parse_options(options.engine, [text for text in options.engine_options.split(",") if text])
    prepare = {"tensorrt": _tensorrt, "onnxruntime": _onnxruntime}[options.engine]
    with prepare(network, setting.prompts(network.info.shape), chosen) as engine:
        prepared = time.perf_counter() - started
        times = time_calls(engine.call, engine.wait, repeats=30, seconds=5)
        last = engine.last_logits().astype(np.float32)
        table.add(Measured(options.engine, engine.version, mode, setting, times, prepared, last))
    return time.perf_counter() - started


@contextmanager
def _tensorrt(network: TappedNetwork, tokens: TokenBatch, options: Any) -> Iterator[Prepared]:
    """Inputs and outputs stay in the GPU's memory; the clock sees the execution alone."""
    from polygraphy.cuda import DeviceArray, DeviceView

    from parity.engines.tensorrt.execute import LoadedEngine
    from parity.engines.tensorrt.installed import import_polygraphy_trt

    polygraphy = import_polygraphy_trt()
    version, plan = _tensorrt_plan(network, tokens, options)
    engine = polygraphy.engine_from_bytes(plan)
    with polygraphy.TrtRunner(engine) as runner:
        loaded = LoadedEngine(engine, runner)
        feeds = {}
        for name, array in network_feeds(loaded.names(inputs=True), tokens, network).items():
            host = np.ascontiguousarray(array.astype(loaded.dtype(name)))
            feeds[name] = DeviceArray(host.shape, host.dtype).copy_from(host)
        # Polygraphy binds all addresses by this; from here on, TensorRT is called as an application calls it.
        logits = runner.infer(feeds, check_inputs=False, copy_outputs_to_host=False)["logits"]
        batch, length, vocabulary = logits.shape

        def last_logits() -> npt.NDArray[Any]:
            dtype = np.dtype(loaded.dtype("logits"))
            starts = (logits.ptr + dtype.itemsize * vocabulary * (length * (row + 1) - 1) for row in range(batch))
            return np.stack([DeviceView(start, (vocabulary,), dtype).numpy() for start in starts])

        execute, stream = runner.context.execute_async_v3, runner.stream
        yield Prepared(version, lambda: execute(stream.ptr), stream.synchronize, last_logits)


def _tensorrt_plan(network: TappedNetwork, tokens: TokenBatch, options: Any) -> tuple[str, bytes]:
    from parity.engines.tensorrt.engine_graph import engine_graph
    from parity.engines.tensorrt.factory import open_factory
    from parity.engines.tensorrt.options import TensorRTOptions
    from parity.engines.tensorrt.runner import ENGINES_FOLDER

    folder, asked = network.path.parent, TensorRTOptions.parse(options)
    factory = open_factory(asked, dtype=network.dtype, folder=folder / ENGINES_FOLDER, tell=print)
    shapes = {str(value.name): tokens.ids.shape for value in network.model.graph.inputs}
    graph = engine_graph(network.model, [], copies="none", shapes=shapes)
    words = f"logits alone, {tokens.ids.shape[0]} x {tokens.ids.shape[1]} tokens"
    weights = network.digest()
    plan = factory.plan(graph, dtype=network.dtype, weights=weights, weights_folder=folder, words=words)
    return factory.versions()["tensorrt"], plan


@contextmanager
def _onnxruntime(network: TappedNetwork, tokens: TokenBatch, options: Any) -> Iterator[Prepared]:
    """On the CPU, where there is nothing to wait for."""
    from parity.engines.onnxruntime import OnnxRuntimeRunner
    from parity.tokens import Phase

    runner, phase = OnnxRuntimeRunner(network.path, options=options), Phase("prefill", tokens)
    logits: dict[str, npt.NDArray[Any]] = {}
    taps = [network.graph["logits"]]
    yield Prepared(
        runner.describe().versions["onnxruntime"],
        lambda: runner.capture(phase, taps, logits.__setitem__),
        lambda: None,
        lambda: logits["logits"][:, -1],
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", type=Path, required=True, help="network.onnx, as `parity build` writes it")
    parser.add_argument("--out", type=Path, required=True, help="folder of speed.csv")
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--settings", default="1x512,8x512,1x2048,8x2048", help="batch x tokens")
    parser.add_argument("--engine", choices=("tensorrt", "onnxruntime"), default="tensorrt")
    parser.add_argument("--engine-options", default="", help="such as level=3,tactic_sources=none")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin nothing that may end later")
    return parser.parse_args()


if __name__ == "__main__":
    enter(main)
