"""Tables of figures: kept row by row, with their origin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.tensorrt.figures import Table, origin_line


@dataclass(frozen=True)
class Row:
    name: str
    count: int
    seconds: float
    right: bool


FIRST, SECOND = Row("a, b", 2, 0.5, True), Row("", -1, float("inf"), False)


def test_rows_and_origins_of_several_processes_stay(tmp_path: Path) -> None:
    file = tmp_path / "new" / "figures.csv"
    Table(file, Row, origin="one machine").add(FIRST)
    table = Table(file, Row, origin="another machine")
    assert table.rows == [FIRST]
    table.add(SECOND)
    assert Table(file, Row, origin="").rows == [FIRST, SECOND]
    assert file.read_text().splitlines()[:2] == ["# one machine", "# another machine"]


def test_the_same_origin_stands_once(tmp_path: Path) -> None:
    for _ in range(2):
        Table(tmp_path / "figures.csv", Row, origin="one machine").add(FIRST)
    assert (tmp_path / "figures.csv").read_text().count("#") == 1


def test_pandas_reads_it(tmp_path: Path) -> None:
    Table(tmp_path / "figures.csv", Row, origin="one machine").add(FIRST)
    frame = pd.read_csv(tmp_path / "figures.csv", comment="#")
    assert frame.to_dict("records") == [{"name": "a, b", "count": 2, "seconds": 0.5, "right": True}]


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "figures.csv").write_text("name,count\na,1\n")
    with pytest.raises(ValueError, match="move it away"):
        Table(tmp_path / "figures.csv", Row, origin="")


def test_the_origin_names_device_versions_and_command() -> None:
    line = origin_line()
    assert "Python 3" in line
    assert "numpy " in line
    assert line.rsplit("; ", 1)[1].startswith("python3 ")
