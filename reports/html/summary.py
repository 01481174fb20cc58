"""What stands on top of the page: the verdict, the first divergence, what surrounds it, the next command."""

from __future__ import annotations

from dataclasses import dataclass

from parity.comparison import FAILING_STATUSES, Comparison, TapResult
from parity.message import first_divergence_sentence, next_command
from parity.reports.html.payload import tap_anchor
from parity.reports.html.text import visible_text
from parity.reports.rows import count_statuses, format_count, format_metric

__all__ = ["StatusCount", "Summary", "summarise"]


@dataclass(frozen=True)
class StatusCount:
    """How many rows have a status, and whether it fails the run."""

    status: str
    count: str
    fails: bool


@dataclass(frozen=True)
class Summary:
    """The banner.

    Attributes:
        passed: no row fails.
        verdict: ``PARITY`` or ``DIVERGENCE``.
        headline: the first divergence in one sentence, or that there is none.
        surroundings: what the taps before and after it do; further sentences that the headline needs.
        counts: rows by status, the best status first.
        command: the command to run next; empty where no row asks for one.
        first_tap, first_anchor: name and address of the first divergence; empty where there is none.
    """

    passed: bool
    verdict: str
    headline: str
    surroundings: tuple[str, ...]
    counts: tuple[StatusCount, ...]
    command: str
    first_tap: str
    first_anchor: str


def summarise(comparison: Comparison, *, run: str) -> Summary:
    """Word the banner; `run` is the folder of the comparison, for the next command."""
    first = comparison.first_divergence
    counts = count_statuses(comparison).items()
    return Summary(
        passed=comparison.passed,
        verdict="PARITY" if comparison.passed else "DIVERGENCE",
        headline=visible_text(first_divergence_sentence(comparison)),
        surroundings=tuple(map(visible_text, _surroundings(comparison, first))),
        counts=tuple(StatusCount(name, format_count(n), name in FAILING_STATUSES) for name, n in counts),
        command="" if first is None else visible_text(next_command(run, first.tap)),
        first_tap="" if first is None else visible_text(first.tap),
        first_anchor="" if first is None else tap_anchor(first),
    )


def _surroundings(comparison: Comparison, first: TapResult | None) -> tuple[str, ...]:
    if first is None:
        return _why_flags_pass(comparison)
    rows = [row for row in comparison.rows if row.phase == first.phase]
    at = rows.index(first)
    sentences = (_before(rows[:at]), _after(comparison, rows[at + 1 :]))
    return (" ".join(filter(None, sentences)), *_other_phases(comparison, first))


def _why_flags_pass(comparison: Comparison) -> tuple[str, ...]:
    flagged = sum(row.status == "rounding" for row in comparison.rows)
    if not flagged:
        return ()
    rule = comparison.limits.flags[0]
    return (
        f"{_taps(flagged)} with {rule.metric} above the threshold {'is' if flagged == 1 else 'are'} no farther from "
        f"the truth than the Hugging Face model itself in {comparison.candidate.dtype}: "
        "that is what the dtype costs, not a fault of the port.",
    )


def _before(rows: list[TapResult]) -> str:
    compared = [row for row in rows if row.errors]
    if not compared:
        return "No tap before it was compared."
    highest = max((row.noise.noise_ratio for row in compared if row.noise), default=None)
    ratio = "" if highest is None else f" (highest R {format_metric(highest)})"
    if len(compared) == 1:
        return f"The one tap compared before it is fine{ratio}."
    return f"The {format_count(len(compared))} taps compared before it are fine{ratio}."


def _after(comparison: Comparison, rows: list[TapResult]) -> str:
    if not rows:
        return "No tap comes after it."
    failing = sum(row.fails(strict=comparison.limits.strict) for row in rows)
    if not failing:
        return f"None of the {format_count(len(rows))} taps after it fails: the error does not spread."
    last = next((row for row in reversed(rows) if row.noise), None)
    ratio = f"; R at {last.tap} is {format_metric(last.noise.noise_ratio)}" if last and last.noise else ""
    if failing == len(rows):
        return f"All {format_count(failing)} after it fail too{ratio}."
    fail = "fails" if failing == 1 else "fail"
    return f"Of the {format_count(len(rows))} after it, {format_count(failing)} {fail} too{ratio}."


def _other_phases(comparison: Comparison, first: TapResult) -> tuple[str, ...]:
    failing = {row.phase: row for row in reversed(comparison.failures) if row.phase != first.phase}
    others = sorted(failing.values(), key=comparison.rows.index)
    if not others:
        return ()
    named = ", ".join(f"{row.phase} (first at {row.tap})" for row in others[:3])
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return (f"Also failing: {named}{more}.",)


def _taps(count: int) -> str:
    return "The one tap" if count == 1 else f"The {format_count(count)} taps"
