"""Progress in a pipe: one line a step."""

from __future__ import annotations

import io
import re

import pytest

from parity.session import PlainProgress


def test_a_step_is_one_line_with_its_seconds() -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream)
    with progress.step("recording the reference in fp64"):
        assert stream.getvalue() == ""
    progress.note("no --prompts")
    assert re.fullmatch(r"recording the reference in fp64  \d+\.\d s\nnote: no --prompts\n", stream.getvalue())


def test_a_step_that_fails_is_not_reported_as_done() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="broken"), PlainProgress(stream).step("recording"):
        raise ValueError("broken")
    assert stream.getvalue() == ""
