from __future__ import annotations

import csv
from pathlib import Path

from selftest_cases import control, fault, outcome

from parity.selftest.selftest_csv import write_selftest_csv

COLUMNS = "fault,where,size,dtype,expected_tap,found_tap,expected_cause,found_cause,detected,seconds"


def test_one_row_a_case_with_exactly_these_columns(tmp_path: Path) -> None:
    case = fault(("layers.3.q_rope", "rotary_base"))
    outcomes = [outcome(case, ("layers.3.q_rope", "rotary_base")), outcome(control(), failing=False)]
    write_selftest_csv(outcomes, tmp_path / "made" / "selftest.csv")
    lines = (tmp_path / "made" / "selftest.csv").read_text().splitlines()
    assert lines[0] == COLUMNS
    assert lines[1] == ("B01,layer 3,base 1e4,float32,layers.3.q_rope,layers.3.q_rope,rotary_base,rotary_base,yes,1.25")
    assert lines[2] == "level-basic,,,float32,,,,,no,1.25"


def test_a_size_with_a_comma_stays_one_field(tmp_path: Path) -> None:
    case = fault(("layers.3.mlp_out", "accumulation_rounded"), size="fp16, 32 at a time")
    write_selftest_csv([outcome(case)], tmp_path / "selftest.csv")
    with (tmp_path / "selftest.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["size"] == "fp16, 32 at a time"
