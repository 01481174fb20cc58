"""``parity selftest``: what it lists and what it refuses; `tests/selftest` runs its short form."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Command


def test_it_lists_what_it_plants_and_what_it_leaves_out(parity: Command) -> None:
    outcome = parity("selftest", "--list")
    assert outcome.status == 0, outcome.err
    assert "B01  theta-1e4" in outcome.out
    assert "left out" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--fault", "Z9"), ("unknown fault 'Z9'", "A06")),
        (("--dtype", "bf16"), ("no candidate in bfloat16", "fp32, fp16")),
        (("--fault", "E01", "--short"), ("no case is left to run",)),
    ],
    ids=str,
)
def test_what_it_can_not_run_is_refused_before_anything_is_recorded(
    parity: Command, tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    outcome = parity("selftest", *arguments, "--out", tmp_path / "out")
    assert outcome.status == 2
    assert all(word in outcome.err for word in words)
    assert "recording" not in outcome.err
    assert not (tmp_path / "out").exists()
