"""Measuring one tap: candidate and floor against the truth, at every real token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.dtypes import dtype_info
from parity.metrics import (
    Differences,
    RealRows,
    TokenFloor,
    differences,
    real_rows,
    rel_l2_by_token,
    token_floor,
    worst_case_ratio_by_token,
)
from parity.metrics.differences import Floats
from parity.taps import Tap, TapGraph
from parity.tokens import TokenBatch

__all__ = ["Arrays", "Measurement", "Subject", "bad_elements", "measure"]

Arrays = Mapping[str, "npt.NDArray[Any]"]


@dataclass(frozen=True, eq=False)
class Subject:
    """What is compared in one phase.

    Attributes:
        phase: its name.
        tokens: what went in, on every side.
        graph: the taps in graph order; those of `reference` and `candidate` that it lacks come after them.
        reference: the truth.
        candidate: what is judged.
        floors: runs of the reference implementation in the candidate's dtype.
        candidate_dtype: what the candidate computes in (its taps may be stored wider).
        not_observable: taps that the candidate can't give, with the reason.
    """

    phase: str
    tokens: TokenBatch
    graph: TapGraph
    reference: Arrays
    candidate: Arrays
    candidate_dtype: str
    floors: Sequence[Arrays] = ()
    not_observable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Measurement:
    """One tap, measured. Rows are real tokens, prompt after prompt, as in `RealRows`.

    Attributes:
        truth, candidate: both sides' values.
        found: the candidate's differences from the truth.
        floors: those of the floor runs that have this tap, in the truth's shape and finite.
        floor: the noise that every implementation may show at each token; None without a floor run.
        distance: the candidate's rel-L2 at each token, float64, shape ``[row]``.
        ratio: R at each token as the worst token is judged by it, float64, shape ``[row]``; None without a
            floor run.
    """

    truth: RealRows
    candidate: RealRows
    found: Differences
    floors: tuple[Differences, ...]
    floor: TokenFloor | None
    distance: Floats
    ratio: Floats | None


def measure(subject: Subject, tap: Tap, truth: RealRows, candidate: RealRows) -> Measurement:
    """Measure `tap`, whose values are finite and of one shape on both sides.

    Args:
        subject: the phase it belongs to.
        tap: the tap.
        truth: the reference's values of it.
        candidate: the candidate's.
    """
    found = differences(truth, candidate)
    floors = _floor_differences(subject, tap, truth)
    floor = _token_floor(subject, tap, floors)
    ratio = None if floor is None else worst_case_ratio_by_token(found, floor)
    return Measurement(truth, candidate, found, floors, floor, rel_l2_by_token(found), ratio)


def bad_elements(rows: RealRows) -> npt.NDArray[np.bool_]:
    """Which elements that count are NaN or infinite, shape of `rows.values`."""
    bad: npt.NDArray[np.bool_] = ~np.isfinite(rows.values)
    return bad if rows.valid is None else bad & rows.valid


def _floor_differences(subject: Subject, tap: Tap, truth: RealRows) -> tuple[Differences, ...]:
    runs = [real_rows(floor[tap.name], tap, subject.tokens) for floor in subject.floors if tap.name in floor]
    usable = [run for run in runs if run.values.shape == truth.values.shape and not bad_elements(run).any()]
    return tuple(differences(truth, run) for run in usable)


def _token_floor(subject: Subject, tap: Tap, floors: tuple[Differences, ...]) -> TokenFloor | None:
    if not floors:
        return None
    unit_roundoff = dtype_info(subject.candidate_dtype).unit_roundoff
    return token_floor(floors, unit_roundoff=unit_roundoff, input_norms=_input_norms(subject, tap))


def _input_norms(subject: Subject, tap: Tap) -> tuple[Floats, ...]:
    """The truth's norm of each input of `tap` at each real token."""
    inputs = [subject.graph[name] for name in tap.inputs if name in subject.reference and name in subject.graph]
    norms = []
    for source in inputs:
        values = real_rows(subject.reference[source.name], source, subject.tokens).values.astype(np.float64)
        norms.append(np.sqrt(np.einsum("rhc,rhc->r", values, values)))
    return tuple(norms)
