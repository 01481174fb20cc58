from __future__ import annotations

from pathlib import Path

import pytest

from parity.errors import ParityError
from qwen_trt_model import bundle


def test_a_bundle_that_is_there_is_found_and_a_lost_file_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "_FOLDER", tmp_path)
    for name in ("config.json", "model.safetensors", "default_prompts.jsonl"):
        with pytest.raises(ParityError, match=name):
            bundle.bundled_prompts() if name.endswith("jsonl") else bundle.bundled_model()
        (tmp_path / name).touch()
    assert bundle.bundled_model() == tmp_path
    assert bundle.bundled_prompts() == tmp_path / "default_prompts.jsonl"
