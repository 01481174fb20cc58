"""Fixtures that every part of the suite may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from tiny_models import save_tiny_qwen2, save_tiny_qwen3

# A deadline measures how busy the machine is.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def tiny_qwen2_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Qwen2 folder; do not write to it."""
    return save_tiny_qwen2(tmp_path_factory.mktemp("models") / "tiny-qwen2")


@pytest.fixture(scope="session")
def tiny_qwen3_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Qwen3 folder; do not write to it."""
    return save_tiny_qwen3(tmp_path_factory.mktemp("models") / "tiny-qwen3")
