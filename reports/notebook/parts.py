"""A diagnosis as tables: the error taken apart, the causes tried, what it costs."""

from __future__ import annotations

from dataclasses import asdict

import pandas

from parity.comparison import TapResult
from parity.diagnosis import Cause, Diagnosis, LogitCost
from parity.errors import ParityError

__all__ = ["cause_table", "cost_table", "part_table"]

_COSTS = tuple(LogitCost.__dataclass_fields__)
_CAUSES = tuple(Cause.__dataclass_fields__)


def part_table(row: TapResult) -> pandas.DataFrame:
    """The parts of the error of `row`, a line each: rel-L2 and R, and the gain of what came in beside that of noise.

    Raises:
        ParityError: the tap was not replayed.
    """
    local = _diagnosis(row).local
    lines = [
        ("born here", local.local_rel_l2, local.local_noise_ratio, local.worst_token_local_noise_ratio, None, None),
        (
            "came in",
            local.inherited_rel_l2,
            local.inherited_noise_ratio,
            local.worst_token_inherited_noise_ratio,
            local.gain,
            local.noise_gain,
        ),
    ]
    if row.errors and row.noise:
        noise = row.noise
        lines.append(("as a whole", row.errors.rel_l2, noise.noise_ratio, noise.worst_token_noise_ratio, None, None))
    columns = ["part", "rel_l2", "noise_ratio", "worst_token_noise_ratio", "gain", "noise_gain"]
    table: pandas.DataFrame = pandas.DataFrame(lines, columns=columns).set_index("part").astype("float64")
    return table


def cause_table(row: TapResult) -> pandas.DataFrame:
    """The causes tried on `row`, the best first; without lines where it is no source, or nothing explains it.

    Raises:
        ParityError: the tap was not replayed.
    """
    causes = _diagnosis(row).causes
    table: pandas.DataFrame = pandas.DataFrame([asdict(cause) for cause in causes], columns=list(_CAUSES))
    return table


def cost_table(row: TapResult, whole: LogitCost | None) -> pandas.DataFrame:
    """What the error of `row` does to the next tokens, a column each: alone, with all that came in, the whole run.

    Args:
        row: a source; other taps have no cost of their own.
        whole: the cost of all differences together.

    Raises:
        ParityError: the tap was not replayed.
    """
    cost = _diagnosis(row).cost
    sides = {"its own error alone": cost.local_error, "all it puts out": cost.activation} if cost else {}
    if whole is not None:
        sides["the whole run"] = whole
    columns = {name: [getattr(side, field) for field in _COSTS] for name, side in sides.items()}
    table: pandas.DataFrame = pandas.DataFrame(columns, index=list(_COSTS))
    return table


def _diagnosis(row: TapResult) -> Diagnosis:
    if row.diagnosis is None:
        raise ParityError(
            f"{row.tap} was not taken apart, so nothing tells what is born here from what came in",
            cure="compare again with the reference's weights at hand",
        )
    return row.diagnosis
