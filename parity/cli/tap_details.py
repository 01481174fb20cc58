"""``parity report --tap``: everything that a comparison knows about one tap, as text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from parity.answer.cause_words import format_explained
from parity.comparison import Comparison, Histogram, TapResult, TokenProfile
from parity.diagnosis import Diagnosis, TapCost
from parity.formatting import ABSENT, format_count, format_metric, format_piece
from parity.message import failure_message

__all__ = ["print_tap"]

_BAR = 20
_LEVELS = "▁▂▃▄▅▆▇█"
_PROFILE_COLUMNS = 80


def print_tap(comparison: Comparison, row: TapResult, *, console: Console, run: str) -> None:
    """Print one row in full: the verdict in words, then inputs, causes, costs, metrics, tokens, channels, heads.

    Args:
        comparison: what `row` belongs to.
        row: what is shown.
        console: where to print.
        run: folder of the run, for the next command.
    """
    console.print(escape(failure_message(comparison, row, run=run, shown=True)), highlight=False, soft_wrap=True)
    for title, table in _sections(comparison, row):
        console.print()
        console.print(f"[bold]{escape(title)}[/]", highlight=False)
        console.print(table)


def _sections(comparison: Comparison, row: TapResult) -> Iterator[tuple[str, Table | str]]:
    if row.inputs:
        yield "Inputs: where the error may come from", _inputs(comparison, row)
    if row.diagnosis is not None and row.diagnosis.causes:
        yield (
            "Causes, replayed on the candidate's own inputs: what each explains, and what it leaves",
            _causes(row.diagnosis),
        )
    if row.diagnosis is not None and row.diagnosis.cost is not None:
        yield "Cost: the reference continued from this tap", _cost(row.diagnosis.cost)
    if row.errors is not None:
        yield "Difference from the truth, over all real elements", _metrics(row)
    if row.worst_tokens:
        yield "Worst tokens, by R where there is a floor", _tokens(row)
    if row.profile is not None:
        yield _profile_title(row.profile), _profile(row.profile)
    if row.heads:
        yield "Heads", _heads(row)
    if row.worst_channels:
        yield "Worst channels, by their share of the squared error", _channels(row)
    if row.histogram is not None:
        yield (
            "Histogram of |error|: how many elements, by half decades",
            _histogram(row.histogram),
        )


def _table(*columns: str, text: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, justify="left" if column in text else "right", no_wrap=True)
    return table


def _inputs(comparison: Comparison, row: TapResult) -> Table:
    table = _table("tap", "status", "role", "rel-L2", "R", "local R", text=("tap", "status", "role"))
    known = {other.tap: other for other in comparison.rows if other.phase == row.phase}
    for name in row.inputs:
        source = known.get(name)
        diagnosis = source.diagnosis if source else None
        table.add_row(
            name,
            source.status if source else "not captured",
            diagnosis.role if diagnosis else ABSENT,
            format_metric(source.errors.rel_l2 if source and source.errors else None),
            format_metric(source.noise.noise_ratio if source and source.noise else None),
            format_metric(diagnosis.local.local_noise_ratio if diagnosis else None),
        )
    return table


def _causes(diagnosis: Diagnosis) -> Table:
    table = _table("hypothesis", "explained", "R left", "worst", "fitted", text=("hypothesis",))
    for cause in diagnosis.causes:
        table.add_row(
            cause.hypothesis,
            format_explained(cause.explained_share),
            format_metric(cause.noise_ratio),
            format_metric(cause.worst_token_noise_ratio),
            format_count(cause.fitted),
        )
    return table


def _cost(cost: TapCost) -> Table:
    table = _table("next tokens", "its own error alone", "all it puts out", text=("next tokens",))
    for field in fields(cost.local_error):
        alone, whole = (getattr(part, field.name) for part in (cost.local_error, cost.activation))
        table.add_row(
            field.name, *(format_metric(v) if isinstance(v, float) else format_count(v) for v in (alone, whole))
        )
    return table


def _metrics(row: TapResult) -> Table:
    table = _table("metric", "value", "limit", text=("metric",))
    limits = {
        row.limits.flag_metric: f"flagged above {row.limits.flag_threshold:g}",
        "noise_ratio": f"mismatch above {row.limits.noise_ratio:g}",
        "worst_token_noise_ratio": f"mismatch above {row.limits.worst_token_noise_ratio:g}",
    }
    for part in (row.errors, row.noise):
        for field in fields(part) if part is not None else ():
            value = getattr(part, field.name)
            shown = format_metric(value) if isinstance(value, float) else str(value)
            table.add_row(field.name, shown, limits.get(field.name, ""))
    return table


def _tokens(row: TapResult) -> Table:
    table = _table("prompt", "token", "text", "rel-L2", "R", text=("text",))
    for token in row.worst_tokens:
        piece = escape(format_piece(token.piece)) or ABSENT
        ratio = format_metric(token.noise_ratio)
        table.add_row(str(token.prompt), str(token.position), piece, format_metric(token.rel_l2), ratio)
    return table


def _profile_title(profile: TokenProfile) -> str:
    width = profile.bucket * _merged(profile)
    what = "each token" if width == 1 else f"the worst of every {width} tokens"
    return f"rel-L2 along the prompts, {what}: from {format_metric(0.0)} to {format_metric(max(profile.rel_l2))}"


def _profile(profile: TokenProfile) -> str:
    step = _merged(profile)
    values = [max(profile.rel_l2[i : i + step]) for i in range(0, len(profile.rel_l2), step)]
    top = max((value for value in values if math.isfinite(value)), default=0.0)
    return "".join(_level(value, top) for value in values)


def _level(value: float, top: float) -> str:
    if not math.isfinite(value):
        return _LEVELS[-1]
    return _LEVELS[min(len(_LEVELS) - 1, int(value / top * len(_LEVELS)))] if top > 0 else _LEVELS[0]


def _merged(profile: TokenProfile) -> int:
    """How many buckets share one column."""
    return -(-len(profile.rel_l2) // _PROFILE_COLUMNS)


def _heads(row: TapResult) -> Table:
    table = _table("head", "rel-L2", "R")
    for head in row.heads:
        table.add_row(str(head.head), format_metric(head.rel_l2), format_metric(head.noise_ratio))
    return table


def _channels(row: TapResult) -> Table:
    table = _table("head", "channel", "share", "rms error", "rms truth")
    for channel in row.worst_channels:
        table.add_row(
            ABSENT if channel.head is None else str(channel.head),
            str(channel.channel),
            format_metric(channel.share),
            format_metric(channel.rms_error),
            format_metric(channel.rms_reference),
        )
    return table


def _histogram(histogram: Histogram) -> Table:
    table = _table("|error|", "candidate", "", "floor", " ", text=("", " "))
    floor = histogram.floor or (0,) * len(histogram.candidate)
    most = max((*histogram.candidate, *floor, 1))
    table.add_row("0", format_count(histogram.candidate_zeros), "", _floor_count(histogram, histogram.floor_zeros), "")
    for edge, ours, theirs in zip(histogram.log10_edges[:-1], histogram.candidate, floor, strict=True):
        if ours or theirs:
            ours_bar, floor_bar = ("█" * round(count / most * _BAR) for count in (ours, theirs))
            above, known = f"from {format_metric(10**edge)}", _floor_count(histogram, theirs)
            table.add_row(above, format_count(ours), ours_bar, known, f"[dim]{floor_bar}[/]")
    return table


def _floor_count(histogram: Histogram, count: int) -> str:
    return format_count(count) if histogram.floor else ABSENT
