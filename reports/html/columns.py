"""The columns of the report's table: label, one line of explanation, and the text of a cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from parity.formatting import format_cosine, format_metric
from parity.reports.rows import LayerRow

__all__ = ["COLUMNS", "Column", "cell_texts"]


@dataclass(frozen=True)
class Column:
    """One column of the table.

    Attributes:
        name: field of `LayerRow` whose text it shows.
        label: its header.
        help: what it says, in one line.
        order: how it sorts: ``graph`` (the order of the rows in the comparison), ``status`` (failing ones apart, in the
            order of `STATUSES`), ``role`` (in the order of `ROLES`), ``number`` or ``text``.
        worst: which end is the worse one, ``high`` or ``low``; the first click puts it on top. Empty where
            neither is.
        needs_floor: it says nothing without a noise floor and is then left out.
        needs_roles: it says nothing where no tap was replayed and is then left out.
    """

    name: str
    label: str
    help: str
    order: str = "number"
    worst: str = "high"
    needs_floor: bool = False
    needs_roles: bool = False


COLUMNS = (
    Column("phase", "phase", "The forward pass: prefill, decode.0 …", "graph", ""),
    Column("tap", "tap", "The tensor compared; sorts in graph order, each tap after its inputs.", "graph", ""),
    Column("status", "status", "The verdict on this tap; every status is explained below.", "status", "high"),
    Column(
        "role",
        "role",
        "Source: its own operation is wrong. Amplifier and carrier: right, but an error came in. Clean: neither.",
        "role",
        "high",
        needs_roles=True,
    ),
    Column(
        "noise_ratio",
        "R median",
        "Candidate's rel-L2 error ÷ the noise floor's, median over tokens: 1 is pure rounding. The bar is "
        "logarithmic, 1 to 1000; its tick is the limit.",
        needs_floor=True,
    ),
    Column(
        "worst_token_noise_ratio",
        "R worst",
        "R of the worst token: finds faults that hit few positions.",
        needs_floor=True,
    ),
    Column(
        "local_noise_ratio",
        "local R",
        "The operation's own error, on the candidate's own inputs, in units of its own noise: high at sources only.",
        needs_roles=True,
    ),
    Column(
        "inherited_noise_ratio",
        "inherited R",
        "What a right operation makes of the error that came in, in units of noise: high where an error passes.",
        needs_roles=True,
    ),
    Column(
        "gain",
        "gain",
        "Error after a right operation ÷ error of its inputs; an amplifier has more than twice the gain of noise.",
        needs_roles=True,
    ),
    Column("local_rel_l2", "local rel-L2", "‖y − f(x)‖ / ‖f(x)‖: the operation's own error.", needs_roles=True),
    Column(
        "inherited_rel_l2",
        "inherited rel-L2",
        "‖f(x) − f(x_truth)‖ / ‖f(x_truth)‖: the error that came in, after a right operation.",
        needs_roles=True,
    ),
    Column("mean_abs", "mean abs", "Mean of |candidate − truth|; flagged above 1e-3 unless asked otherwise."),
    Column("median_abs", "med abs", "Median of |candidate − truth|; 0 where most elements are equal bit by bit."),
    Column("max_abs", "max abs", "Largest |candidate − truth| of all elements."),
    Column("mean_rel", "mean rel", "Mean of |c − r| / (|r| + 1e-5); elements near zero dominate it."),
    Column("median_rel", "med rel", "Median of |c − r| / (|r| + 1e-5); half of the elements are closer."),
    Column("max_rel", "max rel", "Largest |c − r| / (|r| + 1e-5); large beside zeros even in correct ports."),
    Column("rel_l2", "rel-L2", "‖c − r‖ / ‖r‖ over all elements: the error in units of the signal."),
    Column("cosine", "cosine", "Cosine of the angle between both sides; blind below about 0.9999.", worst="low"),
    Column("norm_ratio", "‖c‖/‖r‖", "Ratio of the norms: sees scaling, which the cosine doesn't.", worst="high"),
    Column("sqnr_db", "SQNR dB", "−20 log10(rel-L2): signal to error, in decibels; more is better.", worst="low"),
    Column("dtype", "dtype", "Format in which the candidate returned the tap.", "text", ""),
    Column("shape", "shape", "Shape of the candidate's array, padding included.", "text", ""),
)
"""The columns, in order."""

_TEXT: dict[str, Callable[[LayerRow], str]] = {
    "cosine": lambda row: format_cosine(row.cosine),
    "shape": lambda row: row.shape.replace(",", "×"),
}


def cell_texts(row: LayerRow) -> tuple[str, ...]:
    """What each of `COLUMNS` shows in that row."""
    return tuple(_cell(row, column.name) for column in COLUMNS)


def _cell(row: LayerRow, name: str) -> str:
    if name in _TEXT:
        return _TEXT[name](row)
    value = getattr(row, name)
    return value if isinstance(value, str) else format_metric(value)
