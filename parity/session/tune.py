"""A search for the operations that have to run in fp32, on recorded sides; needs an engine and no PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from parity.engines.joint_taps import joint_taps
from parity.engines.precision_file import PrecisionAssignment, write_precision
from parity.engines.spec import EngineSpec, NetworkFile
from parity.engines.tensorrt.options import TensorRTOptions
from parity.errors import ParityError
from parity.limits import Limits
from parity.options import CANDIDATE
from parity.replay import ReferenceWeights
from parity.runner import RunnerInfo
from parity.serial import write_json
from parity.session.candidate import check_candidate, network_folder
from parity.session.candidate_network import candidate_network
from parity.session.diagnosis import reference_folder
from parity.session.phases import selection_of
from parity.session.progress import Progress
from parity.session.request import TuneRequest
from parity.session.stored import CANDIDATE_DUMP
from parity.session.tune_bench import TuneBench, TuneSides
from parity.taps import TapGraph, select_taps
from parity.tune import (
    Budget,
    OutOfBudgetError,
    SearchResult,
    TimeModel,
    Trial,
    Trials,
    TrialStore,
    make_groups,
    search,
    trial_line,
    write_taps_csv,
    write_trials_csv,
)
from qwen_trt_model.reference_weights import open_reference_weights

__all__ = ["TuneOutcome", "TuneSummary", "check_tunable", "tune"]

_TENSOR_CORES = 2.0
_NO_TENSOR_CORES = 16.0


@dataclass(frozen=True)
class TuneSummary:
    """What ``tune.json`` holds.

    Attributes:
        status: one of `parity.tune.STATUSES`.
        fp32: taps whose operations have to run in fp32, or patterns of them.
        builds: networks that were built now.
        trials: choices that were looked at, those on disk included.
        estimated_time: run time with them, in units of that without, by matrix products alone.
        seconds_before, seconds_after: measured run times with nothing marked; None where they were not measured.
    """

    status: str
    fp32: tuple[str, ...]
    builds: int
    trials: int
    estimated_time: float
    seconds_before: float | None
    seconds_after: float | None


@dataclass(frozen=True, eq=False)
class TuneOutcome:
    """How a search ended, what ran, what it was judged by, and the files that show it."""

    result: SearchResult
    candidate: RunnerInfo
    summary: TuneSummary
    limits: Limits
    graph: TapGraph
    written: tuple[Path, ...]


def check_tunable(request: TuneRequest) -> EngineSpec | NetworkFile:
    """Read what the candidate says, before anything that takes time.

    Raises:
        ParityError: as for `check_candidate`; or it is no network that could be built in another way.
    """
    spec = check_candidate(request.candidate)
    if not isinstance(spec, (EngineSpec, NetworkFile)):
        raise ParityError(
            f"{CANDIDATE.flag} {request.candidate.spec}: is built already, so its precision is what it is",
            cure="give an engine and dtype such as tensorrt:fp16, or an .onnx file",
        )
    if isinstance(spec, EngineSpec) and spec.feeding:
        raise ParityError(
            f"{CANDIDATE.flag} {request.candidate.spec}: runs layer by layer, and a search builds whole networks",
            cure=f"leave layers={spec.feeding} out",
        )
    return spec


def tune(request: TuneRequest, sides: TuneSides, *, model: Path | None, progress: Progress) -> TuneOutcome:
    """Search, and write ``precision.json``, ``tune.csv``, ``trials.csv`` and ``tune.json`` into the folder asked for.

    Trials are kept in its folder ``trials``: a search that was cut off goes on from them.

    Args:
        request: what to search.
        sides: recorded truth and noise floor, of the same tokens; they say what is compared.
        model: Hugging Face folder of the reference, to build from and to take errors apart; None to take what the
            reference's dump says of itself, where it is there.
        progress: told of every trial.

    Raises:
        ParityError: bad input, as the parts name it; nothing computes in 16 bits; or not one build is allowed.
    """
    bench = _bench(request, sides, model, progress)
    groups = make_groups(joint_taps(bench.seen.model, bench.seen.graph, bench.seen.tensors), bench.seen.graph)
    if not groups:
        raise ParityError(
            f"{bench.network.path}: no operation of it computes in 16 bits, so there is nothing to tune",
            cure="give a candidate in fp16 or bf16",
        )
    trials = _trials(request, bench)
    try:
        result = search(groups, trials, graph=bench.seen.graph, times=_times(request, bench))
    except OutOfBudgetError as error:
        raise ParityError("not one network may be built", cure="allow more builds or minutes") from error
    return _concluded(request, bench, result)


def _bench(request: TuneRequest, sides: TuneSides, model: Path | None, progress: Progress) -> TuneBench:
    spec = check_tunable(request)
    folder = network_folder(request.out / CANDIDATE_DUMP)
    graph = sides.reference.manifest.runner.graph
    asked, weights = request.candidate, None if request.no_diagnosis else _weights(sides, model, progress)
    network = candidate_network(asked, spec, model=model, graph=graph, folder=folder, progress=progress)
    seen, taps = network.read(), select_taps(graph, selection_of(sides.reference))
    if sides.floor.manifest.runner.dtype != seen.dtype:
        raise ParityError(
            f"{sides.floor.path}: a floor in {sides.floor.manifest.runner.dtype} says nothing about a candidate in "
            f"{seen.dtype}",
            cure="record the floor in the candidate's dtype",
        )
    limits = request.judging.limits_for(seen.dtype)
    return TuneBench(sides, network, seen, taps, weights, limits, request.out, progress)


def _weights(sides: TuneSides, model: Path | None, progress: Progress) -> ReferenceWeights | None:
    """Without them, suspicion has nothing to go by but how R grows from tap to tap."""
    try:
        asked = None if model is None else str(model)
        return open_reference_weights(reference_folder(sides.reference, asked=asked))
    except ParityError as error:
        progress.note(f"errors are not taken apart: {error.problem}")
        return None


def _trials(request: TuneRequest, bench: TuneBench) -> Trials:
    budget = Budget(request.max_builds, None if request.minutes is None else 60 * request.minutes)

    def tell(trial: Trial, number: int, build: int | None) -> None:
        made = "from disk" if build is None else f"build {build} of at most {budget.builds}, {trial.seconds:.0f} s"
        bench.progress.note(f"trial {number} ({made}): {trial_line(trial, bench.limits, bench.seen.graph)}")

    store, order = TrialStore(request.out / "trials", bench.context()), bench.seen.graph.names
    return Trials(bench.measure, order=order, limits=bench.limits, budget=budget, store=store, tell=tell)


def _times(request: TuneRequest, bench: TuneBench) -> TimeModel:
    ratio = request.rate_ratio or _rate_ratio(bench)
    first = bench.sides.reference.manifest.phases[0].name
    batch, tokens = bench.sides.reference.phase(first).tokens.ids.shape
    return TimeModel(bench.seen.graph, batch, tokens, ratio)


def _rate_ratio(bench: TuneBench) -> float:
    """How much slower products are in fp32: TF32 is half as fast as 16 bits, fp32 without it has no tensor cores."""
    if bench.network.engine != "tensorrt":
        return _TENSOR_CORES
    options = TensorRTOptions.parse(bench.network.options)
    if options.accumulation == "tf32" and bench.seen.dtype == "float16":
        bench.progress.note("products sum in fp32 anyway; accumulation=engine leaves it to the kernels")
        return 1.0
    if options.tf32 == "on":
        return _TENSOR_CORES
    bench.progress.note(
        "fp32 products run on tensor cores with tf32=on alone, and lose nothing where operands have 16 bits"
    )
    return _NO_TENSOR_CORES


def _concluded(request: TuneRequest, bench: TuneBench, result: SearchResult) -> TuneOutcome:
    graph, out = bench.seen.graph, request.out
    assignment = PrecisionAssignment.of((tap for group in result.chosen for tap in group.taps), among=graph.names)
    before, after = _measured_times(request, bench, result)
    summary = TuneSummary(
        *(result.status, assignment.fp32, result.builds, len(result.trials), result.relative_time, before, after)
    )
    written = [out / "tune.csv", out / "trials.csv", out / "tune.json"]
    write_taps_csv(written[0], result, bench.limits, graph)
    write_trials_csv(written[1], result, bench.limits, graph)
    write_json(written[2], summary)
    if result.chosen:
        write_precision(out / "precision.json", assignment)
        written.insert(0, out / "precision.json")
    else:  # one of an earlier search would say something that does not hold
        (out / "precision.json").unlink(missing_ok=True)
    return TuneOutcome(result, bench.candidate, summary, bench.limits, graph, tuple(written))


def _measured_times(request: TuneRequest, bench: TuneBench, result: SearchResult) -> tuple[float | None, float | None]:
    if not (request.timed and result.chosen):
        return None, None
    try:
        with bench.progress.step("timing the network without and with these operations in fp32"):
            return bench.seconds(()), bench.seconds(result.after.fp32)
    except ParityError as error:
        bench.progress.note(f"run times were not measured: {error.problem}")
        return None, None
