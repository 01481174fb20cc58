"""The answer below the table of taps, top to bottom: what is wrong, why, what it costs, what to type next."""

from __future__ import annotations

from rich.console import Console

from parity.answer import make_answer
from parity.answer.parts import group_parts, observer_parts, preflight_parts, remaining_parts
from parity.comparison import Comparison
from parity.message import verdict_line
from parity.reports.lines import labelled, put, wrapped

__all__ = ["put_answer"]


def put_answer(console: Console, comparison: Comparison, *, width: int, verbose: bool, run: str) -> None:
    """Print what `comparison` means.

    Args:
        console: where to.
        comparison: with or without a diagnosis.
        width: columns.
        verbose: print every finding, source and cause.
        run: folder of the run, for the next commands; empty where none are to be printed.
    """
    answer = make_answer(comparison, run=run)
    found = labelled(preflight_parts(answer, every=verbose), width)
    if found:
        put(console, "", *found, style="yellow")
    put(console, "", *wrapped(answer.headline, width), style="bold")
    observed = labelled(observer_parts(answer), width)
    if observed:
        put(console, "", *observed, style="yellow")
    for parts in group_parts(answer, every=verbose):
        put(console, "", *labelled(parts, width))
    remaining = labelled(remaining_parts(answer), width)
    if remaining:
        put(console, "", *remaining)
    put(console, "")
    verdict = wrapped(verdict_line(comparison), width, indent=6)
    put(console, *verdict, style="bold green" if comparison.passed else "bold red")
    if run:
        for place, command in enumerate(answer.commands):
            put(console, f"{'next:' if place == 0 else '':<5} {command}")
