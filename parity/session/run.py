"""A whole run: record reference, noise floor and candidate, compare and diagnose them, write the views."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from parity.comparison import Comparison
from parity.dtypes import dtype_info
from parity.dump import Dump
from parity.engines.spec import CandidateSpec, DumpFolder, EngineSpec
from parity.hooks import Checkpoint, open_checkpoint
from parity.options import NO_DIAGNOSIS
from parity.runner import Runner
from parity.session.candidate import check_candidate, network_folder, open_candidate
from parity.session.diagnosis import diagnose_if_possible
from parity.session.dumps import RunDumps
from parity.session.observer import Yardstick, record_observed
from parity.session.progress import Progress
from parity.session.prompts import make_phases
from parity.session.reference import record_model
from parity.session.request import InputRequest, RunRequest
from parity.session.stored import CANDIDATE_DUMP, FLOOR_DUMP, REFERENCE_DUMP
from parity.session.truth import choose_truth
from parity.session.views import write_views
from parity.taps import Tap, decoder_taps, select_taps
from parity.tokens import Phase

__all__ = ["RunResult", "run"]


@dataclass(frozen=True)
class RunResult:
    """What a run made: the comparison, and the files that show it."""

    comparison: Comparison
    written: tuple[Path, ...]


def run(request: RunRequest, *, progress: Progress) -> RunResult:
    """Make the run that `request` asks for, in its folder.

    What is cheap to refuse is refused first; the candidate is built before the reference runs.

    Raises:
        ParityError: bad input, as the parts name it.
    """
    spec = check_candidate(request.candidate)
    with progress.step("checking the reference"):
        checkpoint = open_checkpoint(request.reference.source)
    graph = decoder_taps(checkpoint.shape)
    taps = select_taps(graph, request.taps)
    phases = make_phases(_inputs(request, spec), checkpoint, progress=progress)
    if isinstance(spec, EngineSpec):  # what can't be judged need not be built
        choose_truth(request.reference.truth, candidate_dtype=spec.dtype, graph=graph)
    candidate = open_candidate(
        request.candidate,
        model=checkpoint.folder,
        graph=graph,
        folder=network_folder(request.out / CANDIDATE_DUMP),
        reference=request.out / REFERENCE_DUMP,
        progress=progress,
    )
    dtype = candidate.manifest.runner.dtype if isinstance(candidate, Dump) else candidate.describe().dtype
    truth = choose_truth(request.reference.truth, candidate_dtype=dtype, graph=graph)
    plan = _Plan(request, checkpoint, phases, taps, progress)
    reference = plan.record_model("the reference", dtype=truth, role="reference", name=REFERENCE_DUMP)
    floors: tuple[Dump, ...] = ()
    if not request.no_floor:
        floors = (plan.record_model("the noise floor", dtype=dtype, role="floor", name=FLOOR_DUMP),)
    return plan.conclude(RunDumps(reference, plan.record_candidate(candidate, reference, floors), floors))


@dataclass(frozen=True)
class _Plan:
    """What is the same for every side of one run."""

    request: RunRequest
    checkpoint: Checkpoint
    phases: tuple[Phase, ...]
    taps: tuple[Tap, ...]
    progress: Progress

    def record_model(self, what: str, *, dtype: str, role: str, name: str) -> Dump:
        model, out = self.request.reference, self.request.out / name
        with self.progress.step(f"recording {what} in {dtype_info(dtype).short}"):
            return record_model(self.checkpoint, model, self.phases, dtype=dtype, role=role, taps=self.taps, out=out)

    def record_candidate(self, candidate: Runner | Dump, reference: Dump, floors: tuple[Dump, ...]) -> Dump:
        if isinstance(candidate, Dump):
            return candidate
        return record_observed(
            candidate,
            self.request.candidate.checks,
            self.phases,
            taps=self.taps,
            out=self.request.out / CANDIDATE_DUMP,
            yardstick=Yardstick(reference, floors, self.request.judging.limits_for(candidate.describe().dtype)),
            progress=self.progress,
        )

    def conclude(self, dumps: RunDumps) -> RunResult:
        out, progress = self.request.out, self.progress
        limits = self.request.judging.limits_for(dumps.candidate.manifest.runner.dtype)
        with progress.step(f"comparing {len(self.taps)} taps"):
            comparison = dumps.compare(limits=limits, relative_to=out)
        comparison = self._diagnosed(comparison, dumps)
        with progress.step("writing the report"):
            return RunResult(comparison, write_views(comparison, out))

    def _diagnosed(self, comparison: Comparison, dumps: RunDumps) -> Comparison:
        if self.request.no_diagnosis:
            return replace(comparison, undiagnosed=f"{NO_DIAGNOSIS.flag} was given")
        return diagnose_if_possible(comparison, dumps, folder=self.checkpoint.folder, progress=self.progress)


def _inputs(request: RunRequest, spec: CandidateSpec) -> InputRequest:
    """A candidate that was recorded elsewhere brings its own tokens, unless it is to be checked by others."""
    if isinstance(spec, DumpFolder) and request.inputs == InputRequest():
        return InputRequest(tokens=spec.path)
    return request.inputs
