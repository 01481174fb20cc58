"""A run that is there already, judged again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from made_runs import save_run
from small_run import make_run

from parity.comparison import save_comparison
from parity.limits import NoiseRule
from parity.session import Judging
from parity.session.stored import load_run

LOOSE = Judging.parse(flags=(), limits=("median=1e9", "worst_token=1e9"), strict=False)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return save_run(tmp_path / "run", fault="layers.1.attn_out", flagged="layers.0.gate")


def test_a_run_is_judged_as_it_was(run: Path) -> None:
    comparison = load_run(run, judging=Judging())
    assert [row.tap for row in comparison.failures] == ["layers.1.attn_out"]


def test_strict_is_added_and_kept(run: Path) -> None:
    strict = load_run(run, judging=Judging(strict=True))
    assert [row.tap for row in strict.failures] == ["layers.0.gate", "layers.1.attn_out"]
    save_comparison(strict, run / "comparison.json")
    assert load_run(run, judging=Judging()).limits.strict


def test_rules_win_over_those_of_the_run_and_over_its_statuses(run: Path) -> None:
    loose = load_run(run, judging=LOOSE)
    assert loose.passed
    save_comparison(loose, run / "comparison.json")
    assert load_run(run, judging=Judging()).passed
    tight = load_run(run, judging=Judging((NoiseRule("layers.0.q", 0.001, None, "asked for"),)))
    assert [row.tap for row in tight.failures] == ["layers.0.q"]


def test_a_run_can_be_moved(run: Path, tmp_path: Path) -> None:
    moved = shutil.move(run, tmp_path / "elsewhere")
    assert load_run(Path(moved), judging=LOOSE).passed


def test_judging_again_gives_the_same_numbers(run: Path) -> None:
    before, after = load_run(run, judging=Judging()), load_run(run, judging=LOOSE)
    assert [row.errors for row in before.rows] == [row.errors for row in after.rows]
    assert [row.noise for row in before.rows] == [row.noise for row in after.rows]


def test_every_floor_counts_when_it_is_judged_again(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", second_floor=True)
    before, after = load_run(run, judging=Judging()), load_run(run, judging=LOOSE)
    assert [side.dump for side in after.floors] == ["floor", "floor2"]
    assert [row.noise for row in before.rows] == [row.noise for row in after.rows]
