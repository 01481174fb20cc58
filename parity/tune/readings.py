"""From a comparison, and where weights are at hand from its dumps, to what a search reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from parity.compare_dumps import phase_subject
from parity.comparison import Comparison, TapResult
from parity.dtypes import dtype_info
from parity.dump import Dump
from parity.dump.recent import RecentArrays
from parity.errors import ParityError
from parity.measure import Subject
from parity.metrics import real_rows, squares
from parity.replay import LocalAnalysis, Reference, ReferenceWeights, Sides, analyse_local
from parity.replay.own_weights import truth_distance_allowed
from parity.replay.roles import local_error
from parity.taps import Tap
from parity.tune.trial import TapReading

__all__ = ["OwnNoise", "own_noise", "read_comparison"]

OwnNoise = Mapping[str, "tuple[float, float]"]
"""`local_noise_ratio` and `own_noise_ratio` of each tap."""


def read_comparison(comparison: Comparison, own: OwnNoise | None = None) -> tuple[TapReading, ...]:
    """R of every tap that was compared; of several phases, the worst.

    Args:
        comparison: with a noise floor.
        own: what `own_noise` found, where it was looked for.

    Raises:
        ParityError: a tap has no R for another reason than being not finite or not observable.
    """
    found: dict[str, TapReading] = {}
    for row in comparison.rows:
        if row.status not in ("not observable", "extra"):
            known = found.get(row.tap)
            found[row.tap] = _worse(known, _reading(row)) if known else _reading(row)
    return tuple(_with_own(reading, (own or {}).get(reading.tap)) for reading in found.values())


def own_noise(
    reference: Dump, candidate: Dump, floor: Dump, weights: ReferenceWeights, taps: Iterable[str]
) -> OwnNoise:
    """What the operations of `taps` do wrong themselves, by replay; of several phases, the worst.

    Raises:
        ParityError: `weights` do not reproduce the truth, so nothing may be concluded from them.
    """
    dtype = reference.manifest.runner.dtype
    found: dict[str, tuple[float, float]] = {}
    names = tuple(taps)
    for phase in reference.manifest.phases:
        subject = phase_subject(phase.name, reference, candidate, floors=[floor])
        sides, replayed = _sides(subject), Reference(weights, subject.tokens)
        for tap in (subject.graph[name] for name in names if name in sides.candidate):
            analysis = analyse_local(replayed, subject.graph, tap, sides)
            last = int(subject.tokens.positions.max())
            if analysis.truth_rel_l2 > truth_distance_allowed(tap, dtype=dtype, last_position=last):
                raise ParityError(
                    f"{reference.path}: replay does not reproduce the truth at {tap.name} "
                    f"(rel-L2 {analysis.truth_rel_l2:.3g})",
                    cure="give the model that the reference was recorded from",
                )
            local = local_error(analysis, subject.tokens).local_noise_ratio
            before = found.get(tap.name, (0.0, 0.0))
            found[tap.name] = max(before[0], local), max(before[1], _own(analysis, subject, sides, tap))
    return found


def _own(analysis: LocalAnalysis, subject: Subject, sides: Sides, tap: Tap) -> float:
    """The median over tokens of the local error in units of the floor run's whole error."""
    assert sides.floor is not None
    truth, floor = (real_rows(side[tap.name], tap, subject.tokens) for side in (sides.truth, sides.floor))
    noise = np.sqrt(squares(truth, floor).error_squares.sum(axis=1))
    noise = np.maximum(noise, analysis.local_floor.error)
    local = np.sqrt(analysis.local.error_squares.sum(axis=1))
    ratios = np.divide(local, noise, out=np.zeros_like(local), where=noise > 0)
    return float(np.median(ratios))


def _sides(subject: Subject) -> Sides:
    truth, candidate, floor = map(RecentArrays, (subject.reference, subject.candidate, subject.floors[0]))
    return Sides(truth, candidate, floor, dtype_info(subject.candidate_dtype))


def _reading(row: TapResult) -> TapReading:
    if row.status == "not finite":
        return TapReading(row.tap, float("inf"), float("inf"))
    if row.noise is None:
        raise ParityError(
            f"{row.tap}: has no noise ratio, so precision can't be judged ({row.status}: {row.reason})",
            cure="record a noise floor, and see with `parity run` that every tap is there with its shape",
        )
    return TapReading(row.tap, row.noise.noise_ratio, row.noise.worst_token_noise_ratio)


def _worse(first: TapReading, second: TapReading) -> TapReading:
    ratios: Sequence[float] = [
        max(first.noise_ratio, second.noise_ratio),
        max(first.worst_token_noise_ratio, second.worst_token_noise_ratio),
    ]
    return TapReading(first.tap, *ratios)


def _with_own(reading: TapReading, own: tuple[float, float] | None) -> TapReading:
    if own is None:
        return reading
    return TapReading(reading.tap, reading.noise_ratio, reading.worst_token_noise_ratio, *own)
