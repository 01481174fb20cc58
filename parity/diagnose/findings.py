"""Every compared tap of one phase taken apart, and what follows for taps that depend on one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparison import TapResult
from parity.diagnosis import LocalError
from parity.replay.local import Sides, analyse_local
from parity.replay.predict import captured_inputs
from parity.replay.replay import Reference
from parity.replay.roles import beyond, local_error
from parity.taps import TapGraph

__all__ = ["PhaseFindings", "find_aliased", "find_harmless", "findings_of", "take_apart"]

_WITHIN = ("match", "rounding")

_REMOVED = 50
"""An operation that passes on less than this part of an error, both in units of noise, takes it out. Errors that
are not taken out are passed on about as large as they come in."""


@dataclass(frozen=True, eq=False)
class PhaseFindings:
    """One phase taken apart.

    Attributes:
        graph: all taps.
        rows: the compared rows by tap, in graph order, wherever the truth is finite and the floor run, if there is one,
            tells the noise.
        errors: each row's error taken apart.
        consumers: the taps that read each captured tap, among the compared ones.
        truth_rel_l2: how far the truth's output is from replay on the truth's inputs, by tap; empty where not known.
    """

    graph: TapGraph
    rows: Mapping[str, TapResult]
    errors: Mapping[str, LocalError]
    consumers: Mapping[str, tuple[str, ...]]
    truth_rel_l2: Mapping[str, float] = field(default_factory=dict)

    def inherits(self, tap: str) -> bool:
        """Whether what came into `tap` changes what a correct operation would put out."""
        error = self.errors[tap]
        ratios = error.inherited_noise_ratio, error.worst_token_inherited_noise_ratio
        return beyond(*ratios, self.rows[tap].limits)

    def contradicted(self) -> tuple[str, ...]:
        """Taps that differ although everything computed from them is right, and would not be, had it read them."""
        return tuple(
            name
            for name, row in self.rows.items()
            if row.status not in _WITHIN
            and self.consumers[name]
            and all(self.errs(r) and self.rows[r].status in _WITHIN for r in self.consumers[name])
        )

    def removes(self, tap: str, reader: str) -> bool:
        """Whether `reader` passes on nothing of what is wrong with `tap`, which is far more than its noise."""
        noise, carried = self.rows[tap].noise, self.errors[reader].inherited_noise_ratio
        shrinks = noise is None or carried * _REMOVED <= noise.noise_ratio
        return shrinks and not self.inherits(reader)

    def errs(self, tap: str) -> bool:
        """Whether the operation of `tap` itself is off."""
        error = self.errors[tap]
        return beyond(error.local_noise_ratio, error.worst_token_local_noise_ratio, self.rows[tap].limits)


def take_apart(reference: Reference, graph: TapGraph, rows: Mapping[str, TapResult], sides: Sides) -> PhaseFindings:
    """Replay every compared tap; `rows` are those of one phase."""
    errors: dict[str, LocalError] = {}
    truth: dict[str, float] = {}
    for tap in graph:
        if tap.name in rows and _can_be_replayed(rows[tap.name]):
            analysis = analyse_local(reference, graph, tap, sides)
            truth[tap.name] = analysis.truth_rel_l2
            known = sides.floor is None or analysis.local_floor.basis == "measured"
            if known or rows[tap.name].errors is None:
                errors[tap.name] = local_error(analysis, reference.tokens)
    return replace(findings_of(graph, rows, errors, sides), truth_rel_l2=truth)


def findings_of(
    graph: TapGraph, rows: Mapping[str, TapResult], errors: Mapping[str, LocalError], sides: Sides
) -> PhaseFindings:
    """What `errors`, which were taken apart before, say about `rows`; which weights were used is not known."""
    replayed = {tap.name: rows[tap.name] for tap in graph if tap.name in errors}
    consumers: dict[str, list[str]] = {name: [] for name in replayed}
    for name in replayed:
        for source in captured_inputs(graph, graph[name], sides.candidate):
            if source in replayed:
                consumers[source].append(name)
    readers = {name: tuple(found) for name, found in consumers.items()}
    return PhaseFindings(graph, replayed, {name: errors[name] for name in replayed}, readers)


def _can_be_replayed(row: TapResult) -> bool:
    """Both sides are there, of one shape, and the truth is finite."""
    return row.errors is not None or (row.non_finite is not None and row.non_finite.reference == 0)


def find_harmless(found: PhaseFindings) -> frozenset[str]:
    """Taps that differ in a way that reaches nothing: no operation that reads them puts out anything else for it.

    Examples: q and k turned by the same angle, which leaves their products alone; a scale that a norm removes. An error
    so small that noise would hide what becomes of it shows nothing of the kind, and is not harmless.
    """
    harmless: set[str] = set()
    for name in reversed(list(found.rows)):
        readers = found.consumers[name]
        differs = found.rows[name].status not in _WITHIN
        finite = found.rows[name].errors is not None
        if differs and finite and readers and all(r in harmless or found.removes(name, r) for r in readers):
            harmless.add(name)
    return frozenset(harmless)


def find_aliased(found: PhaseFindings, sides: Sides, harmless: frozenset[str]) -> Mapping[str, str]:
    """Taps whose capture shows another tensor, with the name of the tap that it shows.

    Such a tap differs, everything computed from it is right although a correct operation on the captured values
    would have given something else, and it equals another captured tap.
    """
    twins = {name: _twin(name, found, sides) for name in found.contradicted() if name not in harmless}
    return {name: twin for name, twin in twins.items() if twin}


def _twin(name: str, found: PhaseFindings, sides: Sides) -> str:
    """Another tap that the candidate captured with the same values; empty where there is none."""
    values = sides.candidate[name]
    for other in found.rows:
        if other != name and np.array_equal(values, _alike(sides.candidate[other], values)):
            return other
    return ""


def _alike(other: npt.NDArray[Any], values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """`other` with the shape of `values` where both hold as many elements per token."""
    same_size = other.size == values.size and other.shape[:2] == values.shape[:2]
    return other.reshape(values.shape) if same_size else other
