"""Several commands of `parity` in one process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.tensorrt.commands import CommandCost, run_commands
from benchmarks.tensorrt.figures import Table


def test_each_command_is_run_and_its_cost_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(sys.argv)
    lines = ["--version", "", f"report '{tmp_path}/no such run'", "--version"]
    costs = run_commands(lines, costs=tmp_path / "costs.csv", seconds=60)
    assert [cost.status for cost in costs] == [0, 2, 0]
    assert [cost.command for cost in Table(tmp_path / "costs.csv", CommandCost, origin="").rows] == [
        line for line in lines if line
    ]
    assert costs[0].host_peak_mib > 0
    shown = capsys.readouterr()
    assert shown.out.count("layer-parity") == 2
    assert "no such run: no such folder" in shown.err
    assert sys.argv == before


def test_none_is_begun_when_the_time_is_over(tmp_path: Path) -> None:
    (cost,) = run_commands(["--version"], costs=tmp_path / "costs.csv", seconds=0)
    assert cost.status == 75
    assert cost.seconds == 0
