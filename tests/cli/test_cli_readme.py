"""What the README prints is what the commands print, but for digits, which differ among machines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import Command

README = Path(__file__).parents[2] / "README.md"


def sample(after: str) -> list[str]:
    """The first fenced block behind the words `after`, without lines that stand for others."""
    block = README.read_text(encoding="utf-8").split(after)[1].split("```\n")[1]
    return [line for line in block.splitlines() if line.strip() not in ("", "…")]


def plain(line: str) -> str:
    """`line` without its digits and the widths that hang on them."""
    return " ".join(re.sub(r"\d[\d.,]*(e[-+]?\d+)?", "#", line).split())


@pytest.mark.parametrize(
    ("command", "after"),
    [
        ("demo --out runs/demo", "It is a port without a fault:"),
        ("demo --fault D07 --layer 3 --out runs/fault", "plants a fault and reads:"),
    ],
)
def test_the_first_samples_are_what_is_printed(
    parity: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, after: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    printed = {plain(line) for line in parity(*command.split()).out.splitlines()}
    assert [line for line in sample(after) if plain(line) not in printed] == []
