"""The comparison on a terminal: at most 100 columns; plain lines, the same for grep every time, in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console

from parity.answer import engines_sentence, observer_sentence
from parity.comparison import Comparison
from parity.formatting import format_cosine, format_count, format_limit, format_metric
from parity.reports.condense import Line, Section, condense
from parity.reports.lines import put, wrapped
from parity.reports.terminal_answer import put_answer

__all__ = ["print_comparison"]

_WIDTH = 100
_SHOWN_PROMPTS = 8
_LEGEND = (
    "R: error per token in units of the noise floor's, median (worst token beside it); other columns: candidate "
    "against the reference. A line for several taps shows the worst of each column."
)
_ROLE_LEGEND = (
    "local R: of the tap's own operation, whatever came in. Roles: a source errs itself, a carrier passes on what came "
    "in, an amplifier makes it grow."
)


@dataclass(frozen=True)
class _Column:
    title: str
    cell: Callable[[Line], str]


# The order is that of use: where a terminal is narrow, the last ones go first.
_COLUMNS = (
    _Column("tap", lambda line: line.label),
    _Column("status", lambda line: line.status),
    _Column("R", lambda line: format_metric(line.noise_ratio)),
    _Column("R worst", lambda line: format_metric(line.worst_token_noise_ratio)),
    _Column("mean abs", lambda line: format_metric(line.mean_abs)),
    _Column("max abs", lambda line: format_metric(line.max_abs)),
    _Column("rel-L2", lambda line: format_metric(line.rel_l2)),
    _Column("cosine", lambda line: format_cosine(line.cosine)),
)
_ROLE = _Column("role", lambda line: line.role)
_LOCAL = _Column("local R", lambda line: format_metric(line.local_noise_ratio))
_DIAGNOSED_COLUMNS = (*_COLUMNS[:2], _ROLE, *_COLUMNS[2:4], _LOCAL, *_COLUMNS[4:])
_TEXT_COLUMNS = frozenset({"tap", "status", "role"})  # aligned on the left; numbers on the right
_ALWAYS = 2
_GAP = 2


def print_comparison(
    comparison: Comparison, *, console: Console | None = None, verbose: bool = False, run: str = ""
) -> None:
    """Print sides, limits and the table of taps; then what it means, from what is wrong to what to do next.

    Args:
        comparison: what to print.
        console: where to; standard output by default. Colours and lines are drawn only on a terminal.
        verbose: a line for every tap, instead of one for each layer in which nothing new happens; every cause that
            explains a part.
        run: folder of the run, for the next command; empty where none is to be printed.
    """
    console = Console() if console is None else console
    width = min(_WIDTH, console.width) if console.is_terminal else _WIDTH
    sections = condense(comparison, verbose=verbose)
    wanted = _DIAGNOSED_COLUMNS if any(line.role for section in sections for line in section.lines) else _COLUMNS
    columns = _columns_that_fit(wanted, sections, width)
    for text in _sides(comparison):
        put(console, *wrapped(text, width, indent=11))
    put(console, *_limits(comparison, width), style="dim")
    if comparison.observer is not None:
        put(console, *wrapped(f"{'observer':<10} {observer_sentence(comparison.observer)}", width, indent=11))
    for section in sections:
        _put_table(console, section, columns)
    put(console, "", *_legend(sections, columns, wanted, width), style="dim")
    put_answer(console, comparison, width=width, verbose=verbose, run=run)


def _sides(comparison: Comparison) -> Iterator[str]:
    floor, prompts = comparison.floor, comparison.prompts
    sides = [comparison.reference, comparison.candidate, *([floor] if floor else [])]
    model = max(len(side.model) for side in sides)
    runner = max(len(side.runner) for side in sides)
    for side in sides:
        yield f"{side.role:<10} {side.model:<{model}}  {side.runner:<{runner}}  {side.dtype}"
    if comparison.candidate.engines > 1:
        yield f"{'engines':<10} {engines_sentence(comparison.candidate)}"
    for number, side in enumerate(comparison.other_floors, 2):
        label, rule = f"floor {number}", "for R the noisiest floor counts at each tap, for local R the first"
        yield f"{label:<10} {side.model:<{model}}  {side.runner:<{runner}}  {side.dtype} ({rule})"
    if floor is None:
        yield f"{'floor':<10} none recorded: nothing tells rounding from error, the flag alone decides"
    lengths = ", ".join(str(prompt.tokens) for prompt in prompts[:_SHOWN_PROMPTS])
    more = ", …" if len(prompts) > _SHOWN_PROMPTS else ""
    yield f"{'prompts':<10} {format_count(len(prompts))}, of {lengths}{more} tokens"


def _limits(comparison: Comparison, width: int) -> Iterator[str]:
    """Each limit with the reason beside it."""
    limits = [(_limit(f.metric, f.threshold, f.pattern), f.reason) for f in comparison.limits.flags]
    for rule in comparison.limits.noise:
        for name, value in (("R", rule.median), ("R worst", rule.worst_token)):
            if value is not None:
                limits.append((_limit(name, value, rule.pattern), rule.reason))
    for place, (limit, reason) in enumerate(limits):
        label = "limits" if place == 0 else ""
        yield from wrapped(f"{label:<10} {limit:<20} {reason}", width, indent=32)


def _limit(name: str, value: float, pattern: str) -> str:
    return f"{name} ≤ {format_limit(value)}" + ("" if pattern == "*" else f" on {pattern}")


def _columns_that_fit(columns: tuple[_Column, ...], sections: tuple[Section, ...], width: int) -> tuple[_Column, ...]:
    lines = [line for section in sections for line in section.lines]
    while len(columns) > _ALWAYS and sum(_widths(columns, lines)) + _GAP * (len(columns) - 1) > width:
        columns = columns[:-1]
    return columns


def _widths(columns: tuple[_Column, ...], lines: list[Line]) -> list[int]:
    return [max(len(column.title), *(len(column.cell(line)) for line in lines)) for column in columns]


def _put_table(console: Console, section: Section, columns: tuple[_Column, ...]) -> None:
    widths = _widths(columns, list(section.lines))
    put(console, "", f"phase {section.phase}", _aligned(columns, [c.title for c in columns], widths), style="bold")
    if console.is_terminal:
        put(console, "─" * (sum(widths) + _GAP * (len(widths) - 1)), style="dim")
    for line in section.lines:
        put(console, _aligned(columns, [column.cell(line) for column in columns], widths), style=_style(line))


def _aligned(columns: tuple[_Column, ...], cells: list[str], widths: list[int]) -> str:
    aligned = [
        f"{cell:<{width}}" if column.title in _TEXT_COLUMNS else f"{cell:>{width}}"
        for column, cell, width in zip(columns, cells, widths, strict=True)
    ]
    return (" " * _GAP).join(aligned).rstrip()


def _style(line: Line) -> str:
    if line.fails:
        return "bold red" if line.first else "red"
    return "yellow" if line.flagged else ""


def _legend(
    sections: tuple[Section, ...], columns: tuple[_Column, ...], wanted: tuple[_Column, ...], width: int
) -> Iterator[str]:
    yield from wrapped(_LEGEND, width)
    if _ROLE in columns:
        yield from wrapped(_ROLE_LEGEND, width)
    lines = [line for section in sections for line in section.lines]
    total = sum(line.taps for line in lines)
    summed = sum(line.taps for line in lines if line.taps > 1)
    if summed:
        text = f"{format_count(summed)} of {format_count(total)} taps share a line; --verbose gives each its own."
        yield from wrapped(text, width)
    if len(columns) < len(wanted):
        left_out = ", ".join(column.title for column in wanted[len(columns) :])
        yield from wrapped(f"Left out, for {width} columns are too few: {left_out}.", width)
