"""Clean checkpoints of tiny models, to be broken by the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from lint_samples import Sample, converted


@pytest.fixture(scope="session")
def qwen2(tiny_qwen2_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """4 query and 2 key heads of 8 channels, hidden 32, MLP 48, 3 layers, 320 tokens, untied; fp16."""
    return converted(tiny_qwen2_dir, tmp_path_factory.mktemp("lint") / "qwen2")


@pytest.fixture(scope="session")
def qwen3(tiny_qwen3_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Heads of 16 channels, which are not hidden / heads; head norms, no biases, tied; bf16."""
    return converted(tiny_qwen3_dir, tmp_path_factory.mktemp("lint") / "qwen3", dtype="bf16")
