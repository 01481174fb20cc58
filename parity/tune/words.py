"""What a search says: a line for each trial, a table of R before and after, and its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parity.engines.precision_file import PrecisionAssignment
from parity.formatting import format_limit, format_metric
from parity.limits import Limits
from parity.taps import TapGraph
from parity.tune.search import STATUSES, SearchResult
from parity.tune.suspects import CORRECT_KERNELS
from parity.tune.trial import TapReading, Trial

__all__ = ["choice_words", "result_lines", "table_lines", "time_line", "trial_line"]

_HEAD = ("taps", "beyond", "after", "R before", "R after", "limit", "worst token", "after", "in fp32")
_NAMED = 6


def trial_line(trial: Trial, limits: Limits, graph: TapGraph) -> str:
    """What one choice of operations gave."""
    beyond, worst = trial.beyond(limits), trial.worst(limits)
    verdict = f"{len(beyond)} of {len(trial.readings)} taps beyond limits" if beyond else "every tap within limits"
    return f"fp32: {choice_words(trial.fp32, graph)}: {verdict}, {_worst_words(worst, limits)}"


def choice_words(taps: Sequence[str], graph: TapGraph) -> str:
    """Taps with a pattern for each kind that all layers have; the first few of many."""
    patterns = PrecisionAssignment.of(taps, among=graph.names).fp32
    if len(patterns) > _NAMED:
        return f"{', '.join(patterns[:_NAMED])} and {len(patterns) - _NAMED} more"
    return ", ".join(patterns) or "nothing"


def table_lines(result: SearchResult, limits: Limits, graph: TapGraph) -> list[str]:
    """A line for each kind of tap: how far it is from its limit, before and after."""
    rows: list[tuple[str, ...]] = [_HEAD]
    kinds = dict.fromkeys(graph[reading.tap].kind for reading in result.before.readings)
    rows += [_row(kind, result, limits, graph) for kind in kinds]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(_cells(row, widths)).rstrip() for row in rows]


def result_lines(result: SearchResult, limits: Limits, graph: TapGraph) -> list[str]:
    """How the search ended, and what it takes."""
    lines = [f"{STATUSES[result.status]}."]
    if result.chosen:
        taps = [tap for group in result.chosen for tap in group.taps]
        percent = 100 * (result.relative_time - 1)
        lines.append(f"in fp32: {choice_words(taps, graph)}; estimated run time {percent:+.1f} %")
    if result.status == "cannot be met":
        lines += _remaining_lines(result.after.beyond(limits))
    lines.append(f"{result.builds} networks were built, {len(result.trials)} choices looked at")
    return lines


def _remaining_lines(remaining: Sequence[TapReading]) -> list[str]:
    names = ", ".join(map(_beyond_words, remaining[:_NAMED]))
    more = f" and {len(remaining) - _NAMED} more" if len(remaining) > _NAMED else ""
    if all(reading.noise_ratio <= CORRECT_KERNELS for reading in remaining):
        why = "these are no farther off than rounding to 16 bits: limits are narrower than taps of 16 bits allow"
    else:
        why = "this is no matter of precision: `parity run` says what these operations do wrong"
    return [f"what remains: {names}{more}", why]


def time_line(before: float, after: float) -> str:
    """Measured run times with nothing marked."""
    milliseconds = " to ".join(f"{format_metric(1e3 * seconds)} ms" for seconds in (before, after))
    return f"measured run time, nothing marked: {milliseconds}, {100 * (after / before - 1):+.1f} %"


def _row(kind: str, result: SearchResult, limits: Limits, graph: TapGraph) -> tuple[str, ...]:
    before = [reading for reading in result.before.readings if graph[reading.tap].kind == kind]
    after = [reading for reading in result.after.readings if graph[reading.tap].kind == kind]
    return (
        kind if len(before) == 1 else f"{kind} ({len(before)})",
        str(sum(reading.is_beyond(limits) for reading in before)),
        str(sum(reading.is_beyond(limits) for reading in after)),
        format_metric(max(reading.noise_ratio for reading in before)),
        format_metric(max(reading.noise_ratio for reading in after)),
        format_limit(min(limits.for_tap(reading.tap).noise_ratio for reading in before)),
        format_metric(max(reading.worst_token_noise_ratio for reading in before)),
        format_metric(max(reading.worst_token_noise_ratio for reading in after)),
        _share(sum(reading.tap in result.after.fp32 for reading in before), len(before)),
    )


def _share(count: int, of: int) -> str:
    return "" if not count else "all" if count == of else f"{count} of {of}"


def _cells(row: Iterable[str], widths: Sequence[int]) -> list[str]:
    first, *rest = (
        (cell.ljust(width) if column == 0 else cell.rjust(width))
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return [first, *rest]


def _worst_words(reading: TapReading, limits: Limits) -> str:
    applied = limits.for_tap(reading.tap)
    median = reading.noise_ratio / applied.noise_ratio
    if median >= reading.worst_token_noise_ratio / applied.worst_token_noise_ratio:
        return (
            f"nearest {reading.tap} with R {format_metric(reading.noise_ratio)} of {format_limit(applied.noise_ratio)}"
        )
    worst, limit = reading.worst_token_noise_ratio, applied.worst_token_noise_ratio
    return f"nearest {reading.tap} with R {format_metric(worst)} of {format_limit(limit)} at its worst token"


def _beyond_words(reading: TapReading) -> str:
    median, worst = format_metric(reading.noise_ratio), format_metric(reading.worst_token_noise_ratio)
    return f"{reading.tap} (R {median}, worst token {worst})"
