"""The command line, called as its entry point is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from command_line import Command, Outcome

from parity.cli import main


@pytest.fixture
def parity(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in this process: ``parity("compare", REFERENCE, CANDIDATE, "--out", OUT)``."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["parity", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, captured.out, captured.err)

    return run


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """Two short prompts of different lengths."""
    file = tmp_path / "prompts.txt"
    file.write_text("def add(first, second):\nfor line in open(path): print(line)\n", encoding="utf-8")
    return file
