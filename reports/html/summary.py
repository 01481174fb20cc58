"""What stands on top of the page: the verdict and the answer, what surrounds the first divergence, the next command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parity.answer import Answer, SourceAnswer, make_answer
from parity.commands import next_command
from parity.comparison import FAILING_STATUSES, Comparison, TapResult
from parity.formatting import format_count, format_metric
from parity.reports.html.payload import tap_anchor
from parity.reports.html.text import visible_text
from parity.reports.rows import count_statuses

__all__ = ["NextStep", "StatusCount", "Summary", "summarise"]


@dataclass(frozen=True)
class StatusCount:
    """How many rows have a status, and whether it fails the run."""

    status: str
    count: str
    fails: bool


@dataclass(frozen=True)
class NextStep:
    """A command to type, and the tap that it shows with its address in the page; empty where it shows none."""

    command: str
    tap: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class Summary:
    """The banner.

    Attributes:
        passed: no row fails, and nothing found before the layers is an error.
        verdict: ``PARITY``, ``DIVERGENCE``, or ``NOT COMPARABLE`` where the sides are not one model on one input.
        subject: which candidate was compared with which reference, on what.
        answer: what the comparison means.
        surroundings: what the taps before and after the first divergence do where errors were not taken apart, and
            why flags pass.
        counts: rows by status, the best status first.
        next: what to do beside what the sources ask for.
    """

    passed: bool
    verdict: str
    subject: str
    answer: Answer
    surroundings: tuple[str, ...]
    counts: tuple[StatusCount, ...]
    next: tuple[NextStep, ...]

    def next_of(self, source: SourceAnswer) -> NextStep:
        """What to do about a source."""
        return NextStep(source.command, source.row.tap, tap_anchor(source.row))


def summarise(comparison: Comparison, *, run: str) -> Summary:
    """Word the banner; `run` is the folder of the comparison, for the next command."""
    answer, first = make_answer(comparison, run=run), comparison.first_divergence
    counts = count_statuses(comparison).items()
    return Summary(
        passed=comparison.passed,
        verdict=_verdict(comparison),
        subject=visible_text(_subject(comparison)),
        answer=answer,
        surroundings=tuple(map(visible_text, _surroundings(comparison, first, diagnosed=answer.diagnosed))),
        counts=tuple(StatusCount(name, format_count(n), name in FAILING_STATUSES) for name, n in counts),
        next=tuple(_next(answer, first, run)),
    )


def _verdict(comparison: Comparison) -> str:
    if comparison.passed:
        return "PARITY"
    return "NOT COMPARABLE" if _has_errors(comparison) else "DIVERGENCE"


def _has_errors(comparison: Comparison) -> bool:
    return any(finding.severity == "error" for finding in comparison.preflight)


def _subject(comparison: Comparison) -> str:
    ours, truth, prompts = comparison.candidate, comparison.reference, comparison.prompts
    tokens = format_count(sum(prompt.tokens for prompt in prompts))
    plural = "s" if len(prompts) != 1 else ""
    return (
        f"{ours.model}: {ours.runner} in {ours.dtype} against {truth.runner} in {truth.dtype}, "
        f"{format_count(len(comparison.rows))} taps, {len(prompts)} prompt{plural} of {tokens} tokens"
    )


def _next(answer: Answer, first: TapResult | None, run: str) -> Iterator[NextStep]:
    """The commands that no source names."""
    told = {group.lead.command for group in answer.groups}
    for command in answer.commands:
        if first is not None and command == next_command(run, first.tap) and command not in told:
            yield NextStep(command, first.tap, tap_anchor(first))
        elif command not in told:
            yield NextStep(command)


def _surroundings(comparison: Comparison, first: TapResult | None, *, diagnosed: bool) -> tuple[str, ...]:
    if first is None:
        return _why_flags_pass(comparison)
    others = _other_phases(comparison, first)
    if diagnosed:
        return others
    rows = [row for row in comparison.rows if row.phase == first.phase]
    at = rows.index(first)
    sentences = (_before(rows[:at]), _after(comparison, rows[at + 1 :]))
    return (" ".join(filter(None, sentences)), *others)


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
