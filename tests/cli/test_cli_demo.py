"""``parity demo``, and what is taken where no prompts are given, on the bundled model."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Command

from parity.comparison import load_comparison
from qwen_trt_model import bundled_model


@pytest.fixture(autouse=True)
def short_prompts(prompts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two short prompts in place of the bundled ones, which `test_layer_parity_here` runs in full."""
    monkeypatch.setattr("qwen_trt_model.bundled_prompts", lambda: prompts)


def test_the_demo_shows_parity_and_writes_where_it_says(
    parity: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = parity("demo")
    assert outcome.status == 0, outcome.err
    assert "No tap leaves the reference" in outcome.out
    assert (tmp_path / "runs" / "demo" / "report.html").is_file()


def test_a_planted_fault_is_found_at_its_layer(parity: Command, tmp_path: Path) -> None:
    outcome = parity("demo", "--fault", "A06", "--layer", "2", "--out", tmp_path)
    assert outcome.status == 1
    assert "The error is born in layers.2.gate (linear layer, prefill)" in outcome.out
    assert "A06" in load_comparison(tmp_path).candidate.flags["planted_fault"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--fault", "Z9"), ("unknown fault 'Z9'", "A06")),
        (("--fault", "A06", "--layer", "99"), ("no layer 99",)),
        (("--layer", "1"), ("--layer", "add --fault")),
        (("--size", "base 9e5"), ("--size", "add --fault")),
        (("--fault", "B01", "--size", "huge"), ("no size 'huge'", "base 9e5")),
    ],
    ids=str,
)
def test_a_fault_that_can_not_be_planted_is_refused(
    parity: Command, tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    outcome = parity("demo", *arguments, "--out", tmp_path / "run", "-q")
    assert outcome.status == 2
    assert all(word in outcome.err for word in words)
    assert not (tmp_path / "run" / "reference").exists()


def test_without_prompts_the_bundled_ones_are_taken_and_it_says_so(parity: Command, tmp_path: Path) -> None:
    outcome = parity("record", "reference", "--reference", bundled_model(), "--taps", "logits", "--out", tmp_path / "r")
    assert outcome.status == 0, outcome.err
    assert "note: no --prompts: using the 2 texts of the bundled model" in outcome.err
