"""Fixtures of the PyTorch side."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=["qwen2", "qwen3"])
def tiny_dir(request: pytest.FixtureRequest) -> Path:
    """The tiny model of each family in turn; do not write to it."""
    folder: Path = request.getfixturevalue(f"tiny_{request.param}_dir")
    return folder
