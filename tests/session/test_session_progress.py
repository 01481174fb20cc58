"""Progress in a pipe: one line a step."""

from __future__ import annotations

import re

import pytest

from parity.session import PlainProgress


def test_a_step_is_one_line_with_its_seconds() -> None:
    lines: list[str] = []
    progress = PlainProgress(lines.append)
    with progress.step("recording the reference in fp64"):
        assert lines == []
    progress.note("no --prompts")
    step, note = lines
    assert re.fullmatch(r"recording the reference in fp64  \d+\.\d s", step)
    assert note == "note: no --prompts"


def test_a_step_that_fails_is_not_reported_as_done() -> None:
    lines: list[str] = []
    with pytest.raises(ValueError, match="broken"), PlainProgress(lines.append).step("recording"):
        raise ValueError("broken")
    assert lines == []
