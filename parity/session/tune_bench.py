"""Where a search measures: a network with some operations in fp32, built, run on recorded tokens, and compared."""

from __future__ import annotations

import hashlib
import json
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from parity.compare_dumps import compare_dumps
from parity.dump import Dump
from parity.engines.precision_file import PrecisionAssignment
from parity.engines.tapped_network import TappedNetwork
from parity.engines.tensorrt.runner import ENGINES_FOLDER
from parity.errors import ParityError
from parity.limits import Limits
from parity.replay import ReferenceWeights
from parity.runner import Runner, RunnerInfo, TimedRunner
from parity.session.candidate_network import CandidateNetwork
from parity.session.phases import phases_of
from parity.session.progress import Progress
from parity.session.recording import record_runner
from parity.taps import Tap
from parity.tune import OwnNoise, Trial, own_noise, read_comparison

__all__ = ["TuneBench", "TuneSides"]

_REPEATS = 10


@dataclass(frozen=True, eq=False)
class TuneSides:
    """What candidates are held to: the truth, and the noise floor in the candidate's dtype."""

    reference: Dump
    floor: Dump


@dataclass(frozen=True, eq=False)
class TuneBench:
    """Measures choices of operations.

    Attributes:
        sides: the recorded sides.
        network: the candidate as it is.
        seen: the same, seen as taps.
        taps: what is compared.
        weights: the reference's, to take errors apart; None where they are not at hand.
        limits: written into the comparisons; no trial depends on them.
        folder: for what is recorded; nothing of it stays.
        progress: told what is done.
    """

    sides: TuneSides
    network: CandidateNetwork
    seen: TappedNetwork
    taps: tuple[Tap, ...]
    weights: ReferenceWeights | None
    limits: Limits
    folder: Path
    progress: Progress

    def measure(self, fp32: tuple[str, ...]) -> Trial:
        """Build, run and compare; where nothing is in fp32, take errors apart too."""
        started = time.perf_counter()
        with self._runner(fp32) as runner, self._recorded(runner) as candidate:
            reference, floor = self.sides.reference, self.sides.floor
            comparison = compare_dumps(reference, candidate, floors=[floor], limits=self.limits)
            own = None if fp32 else self._own_noise(candidate)
        readings = read_comparison(comparison, own)
        return Trial(fp32, readings, round(time.perf_counter() - started, 3))

    def seconds(self, fp32: tuple[str, ...]) -> float | None:
        """Median time of a run with nothing marked, over all phases; None where the engine can't tell."""
        with self._runner(fp32) as runner:
            if not isinstance(runner, TimedRunner):
                return None
            phases = phases_of(self.sides.reference)
            return sum(statistics.median(runner.seconds(phase, repeats=_REPEATS)) for phase in phases)

    @cached_property
    def candidate(self) -> RunnerInfo:
        """What runs."""
        return self.network.open(self.progress).describe()

    def context(self) -> str:
        """Everything that a trial depends on beside its choice of operations, in a digest."""
        runner = self.candidate
        sides = [dump.manifest for dump in (self.sides.reference, self.sides.floor)]
        parts = [
            hashlib.sha256(self.network.path.read_bytes()).hexdigest(),
            [runner.name, runner.dtype, runner.weights_digest, dict(runner.versions), dict(runner.flags)],
            [[side.runner.weights_digest, side.runner.dtype, dict(side.runner.flags)] for side in sides],
            [phase.tokens_digest for phase in self.sides.reference.manifest.phases],
            [tap.name for tap in self.taps],
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _own_noise(self, candidate: Dump) -> OwnNoise | None:
        if self.weights is None:
            return None
        names = [tap.name for tap in self.taps]
        try:
            with self.progress.step("taking the errors of single operations apart"):
                return own_noise(self.sides.reference, candidate, self.sides.floor, self.weights, names)
        except ParityError as error:
            self.progress.note(f"errors are not taken apart: {error.problem}")
            return None

    @contextmanager
    def _runner(self, fp32: Sequence[str]) -> Iterator[Runner]:
        """The network in its engine; its file, and engines that were built for it, go away at the end."""
        names = self.seen.graph.names
        network = self.network.with_precision(PrecisionAssignment.of(fp32, among=names)) if fp32 else self.network
        engines = self.network.path.parent / ENGINES_FOLDER
        before = _files(engines)
        try:
            yield network.open(self.progress)
        finally:
            for file in _files(engines) - before:
                file.unlink(missing_ok=True)
            if network is not self.network:
                network.path.unlink(missing_ok=True)

    @contextmanager
    def _recorded(self, runner: Runner) -> Iterator[Dump]:
        out = self.folder / "candidate"
        phases = phases_of(self.sides.reference)
        try:
            yield record_runner(runner, phases, taps=self.taps, out=out, progress=self.progress)
        finally:
            shutil.rmtree(out, ignore_errors=True)


def _files(engines: Path) -> set[Path]:
    """Plans and their notes; timing caches stay, for later builds go faster by them."""
    return {file for suffix in ("plan", "json") for file in engines.glob(f"*.{suffix}")}
