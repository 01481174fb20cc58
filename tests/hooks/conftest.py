"""Fixtures of the PyTorch side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Tiny models gain nothing from threads, which on a busy machine wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=["qwen2", "qwen3"])
def tiny_dir(request: pytest.FixtureRequest) -> Path:
    """The tiny model of each family in turn; do not write to it."""
    folder: Path = request.getfixturevalue(f"tiny_{request.param}_dir")
    return folder
