"""Networks that the engines' tests run."""

from __future__ import annotations

from pathlib import Path

import pytest
from plain_models import huggingface_config, save_model

from qwen_trt_model import build_network, convert


@pytest.fixture(scope="session")
def fp16_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen3 network; do not write into its folder."""
    model = save_model(tmp_path_factory.mktemp("engines") / "tiny", huggingface_config("qwen3"))
    return build_network(convert(model, tmp_path_factory.mktemp("engines") / "fp16", dtype="fp16"))
