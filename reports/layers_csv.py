"""`layers.csv`: one row per phase and tap, numbers in full precision."""

from __future__ import annotations

import math
from dataclasses import astuple
from pathlib import Path

import pandas

from parity.comparison import Comparison
from parity.reports.rows import COLUMNS, layer_row

__all__ = ["layers_frame", "write_layers_csv"]

_WHOLE_NUMBERS = ("layer", "non_finite")


def layers_frame(comparison: Comparison) -> pandas.DataFrame:
    """The rows as a data frame with the columns of `layers.csv`; absent values are missing ones."""
    rows = [astuple(layer_row(row)) for row in comparison.rows]
    frame: pandas.DataFrame = pandas.DataFrame(rows, columns=list(COLUMNS))
    for column in _WHOLE_NUMBERS:
        frame[column] = frame[column].astype("Int64")
    return frame


def write_layers_csv(comparison: Comparison, path: Path) -> None:
    """Write `layers.csv` so that the file is there whole or not at all.

    Floats are written with the digits that give the same float back. A cell is empty where there is no value;
    a value that is not a number is written as ``nan``, which pandas reads as missing, too.
    """
    cells = [[_cell(value) for value in astuple(layer_row(row))] for row in comparison.rows]
    part = path.with_name(path.name + ".part")
    pandas.DataFrame(cells, columns=list(COLUMNS)).to_csv(part, index=False)
    part.replace(path)


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    return str(value)
