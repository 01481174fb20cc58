"""Where the error of one tap comes from: born in its own operation, or handed down by the taps before it."""

from __future__ import annotations

from dataclasses import dataclass

from parity.comparison import Comparison, TapResult
from parity.formatting import format_metric, format_operation

__all__ = ["Upstream", "look_upstream", "origin_clause"]

_STEP = 2.0
"""R has to grow by this factor from inputs to output before the operation itself is blamed.

Correct kernels differ in R by up to 1.2 at one tap, so an input at R 1.9 and an output at 2.1 are one error.
"""

_CONCLUSIONS = {
    "match": "and nothing goes wrong here",
    "rounding": "so rounding alone carries it over the flag",
    "not finite": "so the first NaN or infinity arises here",
    "shape": "so the shape goes wrong here",
    "missing": "so only this tensor is lost",
}


@dataclass(frozen=True)
class Upstream:
    """The rows that decide where the error of one tap comes from, all of the same phase.

    Attributes:
        failing: direct inputs that fail the run themselves.
        fine: direct inputs that were compared and do not fail.
        uncompared: names of direct inputs that the candidate lacks or that were not captured.
        previous: the nearest compared row before this one in graph order; None for the first.
    """

    failing: tuple[TapResult, ...]
    fine: tuple[TapResult, ...]
    uncompared: tuple[str, ...]
    previous: TapResult | None


def look_upstream(comparison: Comparison, row: TapResult) -> Upstream:
    """Gather what `comparison` knows about the inputs of `row`."""
    strict = comparison.limits.strict
    rows = [other for other in comparison.rows if other.phase == row.phase]
    before = rows[: next(i for i, other in enumerate(rows) if other.tap == row.tap)]
    known = {other.tap: other for other in before if _was_compared(other)}
    inputs = [known[name] for name in row.inputs if name in known]
    return Upstream(
        failing=tuple(other for other in inputs if other.fails(strict=strict)),
        fine=tuple(other for other in inputs if not other.fails(strict=strict)),
        uncompared=tuple(name for name in row.inputs if name not in known),
        previous=next((other for other in reversed(before) if other.tap in known), None),
    )


def origin_clause(comparison: Comparison, row: TapResult) -> str:
    """Say in one clause what the inputs of `row` tell about its error."""
    if row.status == "extra":
        return "the reference lacks this tap, so nothing says what it is computed from"
    upstream = look_upstream(comparison, row)
    if not row.inputs:
        return f"it is computed from the token ids, which are equal on both sides, {_conclusion(row, ())}"
    if upstream.failing:
        return f"its {_listed(upstream.failing, 'fails', 'fail')} already, so look there first"
    if upstream.uncompared:
        return _gap(upstream)
    fine = f"its {_listed(upstream.fine, 'is', 'are')} fine"
    return ", ".join(filter(None, (fine, _conclusion(row, upstream.fine))))


def _closeness(row: TapResult) -> str:
    if row.noise is not None:
        return f"R {format_metric(row.noise.noise_ratio)}"
    return f"rel-L2 {format_metric(row.errors.rel_l2)}" if row.errors is not None else ""


def _was_compared(row: TapResult) -> bool:
    """A wrong shape or a NaN tells where a fault lies, though it has no metrics; an absent tap does not."""
    return row.status not in ("missing", "extra", "not observable")


def _conclusion(row: TapResult, inputs: tuple[TapResult, ...]) -> str:
    if row.status != "mismatch":
        return _CONCLUSIONS.get(row.status, "")
    if row.noise is None:
        return "but without a noise floor nothing tells a fault here from rounding that has grown up to here"
    if inputs and not _is_step(row, inputs):
        return "but not by far: the error crosses its limit here and began before"
    return f"so the error arises here, in the {format_operation(row.op)}"


def _is_step(row: TapResult, inputs: tuple[TapResult, ...]) -> bool:
    noises = [other.noise for other in inputs if other.noise is not None]
    if row.noise is None or not noises:
        return True
    median = max(noise.noise_ratio for noise in noises)
    worst = max(noise.worst_token_noise_ratio for noise in noises)
    return row.noise.noise_ratio >= _STEP * median or row.noise.worst_token_noise_ratio >= _STEP * worst


def _gap(upstream: Upstream) -> str:
    *others, last = upstream.uncompared
    missing = f"its inputs {', '.join(others)} and {last} were" if others else f"its input {last} was"
    if upstream.previous is None:
        return f"{missing} not compared, nor any tap before it, so where the error arises is open"
    previous = upstream.previous
    return (
        f"{missing} not compared; the nearest tap before it that was, {previous.tap}, has the status {_state(previous)}"
    )


def _listed(rows: tuple[TapResult, ...], singular: str, plural: str) -> str:
    names = " and ".join(f"{row.tap} ({_state(row)})" for row in rows)
    return f"input {names} {singular}" if len(rows) == 1 else f"inputs {names} {plural}"


def _state(row: TapResult) -> str:
    return ", ".join(filter(None, (row.status, _closeness(row))))
