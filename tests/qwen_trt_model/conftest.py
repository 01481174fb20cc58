"""Checkpoints and networks that every test of the network may use; do not write into these folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from plain_models import huggingface_config, save_model

from qwen_trt_model import build_network, convert


@pytest.fixture(scope="session")
def plain_qwen2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untied Qwen2 folder that no PyTorch has touched."""
    return save_model(tmp_path_factory.mktemp("plain") / "plain-qwen2", huggingface_config())


@pytest.fixture(scope="session")
def plain_qwen3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tied Qwen3 folder whose heads are wider than hidden_size / heads."""
    return save_model(tmp_path_factory.mktemp("plain") / "plain-qwen3", huggingface_config("qwen3"))


@pytest.fixture(scope="session", params=["qwen2", "qwen3"])
def plain_model(request: pytest.FixtureRequest) -> Path:
    """Each of the two in turn."""
    folder: Path = request.getfixturevalue(f"plain_{request.param}")
    return folder


@pytest.fixture(scope="session")
def fp32_checkpoint(plain_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each model as an fp32 checkpoint with its network."""
    folder = convert(plain_model, tmp_path_factory.mktemp("fp32") / plain_model.name, dtype="fp32")
    build_network(folder)
    return folder
