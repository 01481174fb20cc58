"""What marking taps does to an engine, as values that a comparison keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parity.diagnosis import LogitCost
from parity.tap_result import NoiseMetrics

__all__ = [
    "OBSERVER_GRADES",
    "JudgedLogits",
    "LayerDifferences",
    "LogitsDistance",
    "ObservedPhase",
    "ObserverEffect",
    "ObserverRule",
]

OBSERVER_GRADES: Mapping[str, str] = {
    "faithful": "the engine without taps differs no more than rounding or a rebuild does: what taps show holds for it",
    "perturbing": "marking taps makes another engine: what the taps show holds for that one, and need not for yours",
    "hides the bug": "the engine without taps is beyond the limits, the one with taps is within: taps can't show why",
}
"""Every grade with its meaning, the best first."""


@dataclass(frozen=True)
class ObserverRule:
    """One number that grades are given by, with the reason for it."""

    name: str
    limit: float
    reason: str


@dataclass(frozen=True)
class JudgedLogits:
    """The logits of one engine against the truth.

    Attributes:
        status: one of `parity.tap_result.STATUSES`, by the limits of the comparison.
        fails: whether that is beyond the limits.
        noise: in units of the floor; None where values were not compared, or without a floor.
    """

    status: str
    fails: bool
    noise: NoiseMetrics | None


@dataclass(frozen=True)
class LogitsDistance:
    """How far the logits of an engine are from those of the engine without taps, at real tokens.

    Attributes:
        equal: every number is the same.
        rel_l2: over all real elements.
        noise: in units of the floor; None without one.
        flagged: above the flag's threshold; None where a floor judges.
        cost: how the next-token distributions differ, the engine without taps being the truth.
    """

    equal: bool
    rel_l2: float
    noise: NoiseMetrics | None
    flagged: bool | None
    cost: LogitCost


@dataclass(frozen=True)
class ObservedPhase:
    """One phase in which the same network ran with taps and without.

    Attributes:
        phase: its name.
        probed: the logits of the engine with taps.
        unprobed: those of the engine without.
        distance: of `probed` from `unprobed`; None where either is not finite or of another shape.
        rebuilt: those of the engine without taps, built again in another way; None where that was not measured.
        rebuild_distance: of `rebuilt` from `unprobed`; None likewise.
        grade: one of `OBSERVER_GRADES`.
        reason: the rule that gave it, with both numbers; no full stop.
    """

    phase: str
    probed: JudgedLogits
    unprobed: JudgedLogits
    distance: LogitsDistance | None
    rebuilt: JudgedLogits | None
    rebuild_distance: LogitsDistance | None
    grade: str
    reason: str


@dataclass(frozen=True)
class LayerDifferences:
    """How the layers of two engines of one network differ, as their inspector tells.

    A layer is the same where its name and the formats of its outputs are; copies that only put a tap out don't count.

    Attributes:
        shared: layers that both engines have.
        other_kernels: how many of those run another kernel.
        probed_only, unprobed_only: layers that only the engine with taps has, and only the one without.
        examples: the first few differences in words, those of formats first.
    """

    shared: int
    other_kernels: int
    probed_only: int
    unprobed_only: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class ObserverEffect:
    """Whether what the taps show is what the engine without them computes.

    Attributes:
        grade: the worst of all phases, one of `OBSERVER_GRADES`.
        sentence: what that means for the verdict.
        cure: what to do about it, no full stop; empty where it is faithful.
        phases: what was measured.
        rules: what grades were given by.
        layers: how the two engines differ; None where they don't tell.
        taps: how many taps were marked.
        probe_sets: over how many engines they were spread to keep each faithful; 1 where they were not.
        unprobed_dump: folder of the engine without taps, relative to the folder that holds the candidate's dump.
        rebuilt_dump: likewise for the rebuilt engine; empty where there is none.
        rebuilt_by: what was changed for the rebuild: ``tactics 1 instead of 0``; empty likewise.
    """

    grade: str
    sentence: str
    cure: str
    phases: tuple[ObservedPhase, ...]
    rules: tuple[ObserverRule, ...]
    layers: LayerDifferences | None
    taps: int
    probe_sets: int
    unprobed_dump: str
    rebuilt_dump: str = ""
    rebuilt_by: str = ""

    @property
    def fails(self) -> bool:
        """Whether it fails the run: the engine that matters is beyond the limits, whatever its taps' rows say."""
        return self.grade == "hides the bug"

    @property
    def worst(self) -> ObservedPhase:
        """The phase that the grade is of."""
        return next(phase for phase in self.phases if phase.grade == self.grade)
