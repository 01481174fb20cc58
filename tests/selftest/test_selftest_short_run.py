"""The short form of the self-test, as the command line runs it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from typer.testing import CliRunner

from parity.cli.app import app


def test_the_short_form_meets_its_targets_and_writes_its_table(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["selftest", "--short", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "PASS: all targets are met" in result.output
    assert "fp16: R ≤ 2, worst token ≤ 4" in result.output
    with (tmp_path / "selftest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    faults = [row for row in rows if row["expected_tap"]]
    assert Counter(row["dtype"] for row in faults) == {"float32": 11, "float16": 11}
    assert all(row["found_tap"] == row["expected_tap"] and row["detected"] == "yes" for row in faults)
    assert all(row["found_cause"] in row["expected_cause"].split("|") for row in faults)
    assert not any(row["found_tap"] or row["detected"] == "yes" for row in rows if not row["expected_tap"])
