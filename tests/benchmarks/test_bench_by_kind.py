"""The table of R by tap kind, from runs on disk."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from made_runs import save_run

from benchmarks.tensorrt import by_kind
from benchmarks.tensorrt.commands import CommandCost
from benchmarks.tensorrt.figures import Table
from parity.comparison import load_comparison


def by_kind_main(out: Path, monkeypatch: pytest.MonkeyPatch) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["by_kind", str(out)])
    with pytest.raises(SystemExit) as ended:
        by_kind.main()
    return ended.value.code


def test_a_kind_shows_its_worst_layer(tmp_path: Path) -> None:
    comparison = load_comparison(save_run(tmp_path / "run", fault="layers.1.attn_out", flagged="layers.0.gate"))
    rows = {row.kind: row for row in by_kind.kind_rows("run", comparison)}
    assert list(rows)[:3] == ["embed", "input_norm", "q"]
    assert rows["attn_out"].at == "layers.1.attn_out"
    assert rows["attn_out"].largest_r == comparison.row("layers.1.attn_out").noise.noise_ratio  # type: ignore[union-attr]
    assert rows["attn_out"].median_r < rows["attn_out"].largest_r
    assert (rows["attn_out"].taps, rows["attn_out"].failing) == (2, 1)
    assert (rows["gate"].flagged, rows["gate"].failing) == (1, 0)


def test_the_exit_status_says_whether_all_runs_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_run(tmp_path / "good")
    assert by_kind_main(tmp_path, monkeypatch) == 0
    save_run(tmp_path / "bad", fault="layers.1.act")
    assert by_kind_main(tmp_path, monkeypatch) == 1
    rows = {row.run: row for row in Table(tmp_path / "runs.csv", by_kind.RunRow, origin="").rows}
    assert (rows["good"].passed, rows["bad"].passed) == (True, False)
    assert rows["bad"].at == "layers.1.act"
    assert {row.run for row in Table(tmp_path / "by_kind.csv", by_kind.KindRow, origin="").rows} == {"good", "bad"}


def test_a_run_has_the_times_of_its_recordings(tmp_path: Path) -> None:
    comparison = load_comparison(save_run(tmp_path / "run"))
    costs = [
        CommandCost("record candidate --out s/candidate-run", 2, 1.0, 1, 1),
        CommandCost("record candidate --out s/candidate-run", 0, 9.0, 500, 1),
        CommandCost("record candidate --out s/again-run", 0, 2.0, 400, 1),
        CommandCost("record candidate --out s/candidate-other", 0, 7.0, 1, 1),
    ]
    row = by_kind.run_row("run", comparison, costs)
    assert (row.record_seconds, row.again_seconds, row.gpu_peak_mib) == (9.0, 2.0, 500)


def test_nothing_to_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no comparison.json" in str(by_kind_main(tmp_path, monkeypatch))
