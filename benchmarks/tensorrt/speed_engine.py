"""Speed of the engine's prefill: the network with no output but the last token's logits. Run by `speed.sh`.

With --build-only the engines are built and kept, and nothing is timed.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.tensorrt.entry import enter
from benchmarks.tensorrt.figures import Table, origin_line
from benchmarks.tensorrt.speed_network import last_token_network
from benchmarks.tensorrt.speed_table import Measured, Setting, SpeedTable, time_calls
from parity.engines.feeds import network_feeds
from parity.engines.spec import EngineSpec, parse_candidate
from parity.engines.tapped_network import TappedNetwork, open_network
from parity.engines.tensorrt.engine_graph import EngineGraph, engine_graph
from parity.errors import ParityError
from parity.tokens import TokenBatch

__all__ = ["Build", "Job", "Prepared", "open_job", "prepare_onnxruntime", "prepare_tensorrt"]


@dataclass(frozen=True)
class Build:
    """An engine that was built.

    Attributes:
        candidate: as `--candidate` takes it.
        setting: what for.
        seconds: wall time, with the start of the builder.
    """

    candidate: str
    setting: str
    seconds: float


@dataclass(frozen=True, eq=False)
class Job:
    """One engine and one prefill.

    Attributes:
        spec: how the engine is built.
        text: the same, as `--candidate` takes it.
        setting: the prefill.
        network: what it is built from, with all logits.
        tokens: the prefill's prompts.
        folder: for engines of this job alone, so that several can be built side by side.
    """

    spec: EngineSpec
    text: str
    setting: Setting
    network: TappedNetwork
    tokens: TokenBatch
    folder: Path

    @property
    def mode(self) -> str:
        """As the table names it."""
        return f"unprobed {self.text.partition(',')[2]}".strip()

    def graph(self) -> EngineGraph:
        """What the engine is built from."""
        model = last_token_network(self.network, self.tokens)
        shapes = {str(value.name): self.tokens.ids.shape for value in model.graph.inputs}
        return engine_graph(model, [], copies="none", shapes=shapes)

    @property
    def needs_build(self) -> bool:
        """Whether its engine has to be built, and was not."""
        return self.spec.engine == "tensorrt" and not self.builds.rows

    @property
    def builds(self) -> Table[Build]:
        """How long its engine took to build."""
        return Table(self.folder / "builds.csv", Build, origin=origin_line())


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
    """Build the engines, or time those that are built; exit with 1 if one is missing."""
    options = _options()
    ends = time.perf_counter() + options.seconds
    network = open_network(options.network, graph=None, mapping=None)
    if network.info is None:
        raise ParityError(f"{options.network}: says nothing about itself", cure="build it with `parity build`")
    table = SpeedTable(options.out, options.scratch, model=network.info.model, shape=network.info.shape)
    settings = Setting.parse_all(options.settings)
    jobs = [open_job(text, setting, network, options.scratch) for text in options.candidate for setting in settings]
    if options.build_only:
        for job in jobs:
            _tensorrt_plan(job)
        return
    missing = [job for job in jobs if job.needs_build]
    for job in missing:
        print(f"no engine lies ready for {job.text} {job.setting}: --build-only builds it")
    _measure_all([job for job in jobs if job not in missing and not table.has(job.mode, job.setting)], table, ends)
    sys.exit(1 if missing else 0)


def _measure_all(jobs: Sequence[Job], table: SpeedTable, ends: float) -> None:
    longest = 0.0
    for job in jobs:
        if time.perf_counter() + longest > ends:
            print(f"no time left for {job.mode} {job.setting}")
            return
        longest = max(longest, _measure(job, table))


def open_job(text: str, setting: Setting, network: TappedNetwork, scratch: Path) -> Job:
    """The job of one candidate and one setting.

    Raises:
        ParityError: `text` names no engine, or another dtype than the network's.
    """
    spec = parse_candidate(text)
    if not isinstance(spec, EngineSpec) or spec.feeding or spec.dtype != network.dtype:
        raise ParityError(f"{text}: no engine for a network in {network.dtype}", cure="give for example tensorrt:fp16")
    assert network.info is not None
    folder = scratch / "speed" / re.sub(r"[^\w=.-]+", "-", text) / str(setting)
    return Job(spec, text, setting, network, setting.prompts(network.info.shape), folder)


def _measure(job: Job, table: SpeedTable) -> float:
    """Add one row; returns the seconds that it took."""
    started = time.perf_counter()
    prepare = {"tensorrt": prepare_tensorrt, "onnxruntime": prepare_onnxruntime}[job.spec.engine]
    with prepare(job) as engine:
        built = [build.seconds for build in job.builds.rows]
        prepared = built[-1] if built else time.perf_counter() - started
        times = time_calls(engine.call, engine.wait, repeats=30, seconds=5)
        last = engine.last_logits().astype(np.float32)
        table.add(Measured(job.spec.engine, engine.version, job.mode, job.setting, times, prepared, last))
    return time.perf_counter() - started


@contextmanager
def prepare_tensorrt(job: Job) -> Iterator[Prepared]:
    """Inputs and outputs stay in the GPU's memory; the clock sees the execution alone."""
    from polygraphy.cuda import DeviceArray, DeviceView

    from parity.engines.tensorrt.execute import LoadedEngine
    from parity.engines.tensorrt.installed import import_polygraphy_trt

    polygraphy = import_polygraphy_trt()
    version, plan = _tensorrt_plan(job)
    engine = polygraphy.engine_from_bytes(plan)
    with polygraphy.TrtRunner(engine) as runner:
        loaded = LoadedEngine(engine, runner)
        feeds = {}
        for name, array in network_feeds(loaded.names(inputs=True), job.tokens, job.network).items():
            host = np.ascontiguousarray(array.astype(loaded.dtype(name)))
            feeds[name] = DeviceArray(host.shape, host.dtype).copy_from(host)
        # Polygraphy binds all addresses by this; from here on, TensorRT is called as an application calls it.
        logits = runner.infer(feeds, check_inputs=False, copy_outputs_to_host=False)["logits"]

        def last_logits() -> npt.NDArray[Any]:
            array = DeviceView(logits.ptr, logits.shape, np.dtype(loaded.dtype("logits"))).numpy()
            return np.asarray(array[:, -1])

        execute, stream = runner.context.execute_async_v3, runner.stream
        yield Prepared(version, lambda: execute(stream.ptr), stream.synchronize, last_logits)


def _tensorrt_plan(job: Job) -> tuple[str, bytes]:
    from parity.engines.tensorrt.factory import open_factory
    from parity.engines.tensorrt.options import TensorRTOptions

    started, told = time.perf_counter(), list[str]()
    dtype, weights_folder = job.network.dtype, job.network.path.parent
    options = TensorRTOptions.parse(job.spec.options)
    factory = open_factory(options, dtype=dtype, folder=job.folder, tell=told.append)
    words = f"{job.text}, last logits alone, {job.setting} tokens"
    plan = factory.plan(
        job.graph(), dtype=dtype, weights=job.network.digest(), weights_folder=weights_folder, words=words
    )
    if told:
        seconds = time.perf_counter() - started
        job.builds.add(Build(job.text, str(job.setting), seconds))
        print(f"built in {seconds:.0f} s: {words}", flush=True)
    return factory.versions()["tensorrt"], plan


@contextmanager
def prepare_onnxruntime(job: Job) -> Iterator[Prepared]:
    """On the CPU, where there is nothing to wait for."""
    import onnxruntime

    from parity.engines.tensorrt.engine_graph import graph_file

    with graph_file(job.graph(), job.network.path.parent) as path:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    asked = network_feeds([value.name for value in session.get_inputs()], job.tokens, job.network)
    feeds = {name: array.astype(np.int64) for name, array in asked.items()}
    logits: list[npt.NDArray[Any]] = []
    yield Prepared(
        onnxruntime.__version__,
        lambda: logits.__setitem__(slice(None), session.run(["logits"], feeds)),
        lambda: None,
        lambda: logits[0][:, -1],
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", type=Path, required=True, help="network.onnx, as `parity build` writes it")
    parser.add_argument("--out", type=Path, required=True, help="folder of speed.csv")
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--settings", default="1x512,8x512,1x2048,8x2048", help="batch x tokens")
    parser.add_argument("--candidate", action="append", required=True, help="such as tensorrt:fp16,level=3; repeatable")
    parser.add_argument("--build-only", action="store_true", help="build engines for a later run, and time nothing")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin nothing that may end later")
    return parser.parse_args()


if __name__ == "__main__":
    enter(main)
