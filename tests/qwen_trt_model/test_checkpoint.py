from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plain_models import trtllm_config
from safetensors.numpy import load_file, save_file

from parity.errors import ParityError
from qwen_trt_model import build_network, convert, read_checkpoint


@pytest.fixture(scope="module")
def stored(plain_qwen2: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = convert(plain_qwen2, tmp_path_factory.mktemp("stored"), dtype="fp16")
    return load_file(folder / "rank0.safetensors")


def save(folder: Path, config: dict[str, Any], weights: dict[str, Any], *, rank: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file(weights, folder / f"rank{rank}.safetensors")
    return folder


def test_a_checkpoint_that_trtllm_made_is_read_and_built(tmp_path: Path, stored: dict[str, Any]) -> None:
    folder = save(tmp_path / "trtllm", trtllm_config(), stored)
    checkpoint = read_checkpoint(folder)
    assert checkpoint.conversion is None
    assert build_network(folder).name == "network.onnx"


def test_padding_of_the_head_is_left_out(tmp_path: Path, stored: dict[str, Any]) -> None:
    padded = {**stored, "lm_head.weight": np.concatenate([stored["lm_head.weight"], np.ones((8, 32), np.float16)])}
    checkpoint = read_checkpoint(save(tmp_path / "padded", trtllm_config(), padded))
    assert np.array_equal(checkpoint.array("lm_head.weight"), stored["lm_head.weight"])


def test_a_tied_checkpoint_may_leave_the_head_out(tmp_path: Path, stored: dict[str, Any]) -> None:
    headless = {name: array for name, array in stored.items() if name != "lm_head.weight"}
    folder = save(tmp_path / "headless", trtllm_config(tie_word_embeddings=True), headless)
    assert np.array_equal(read_checkpoint(folder).array("lm_head.weight"), stored["transformer.vocab_embedding.weight"])
    save(folder, trtllm_config(), headless)
    with pytest.raises(ParityError, match=r"1 missing: lm_head\.weight"):
        read_checkpoint(folder)


def test_missing_extra_and_misshaped_tensors_are_listed_together(tmp_path: Path, stored: dict[str, Any]) -> None:
    broken = {name: array for name, array in stored.items() if name != "transformer.layers.1.mlp.gate.weight"}
    broken["transformer.layers.0.attention.kv_cache_scaling_factor"] = np.ones(1, np.float16)
    broken["transformer.layers.2.attention.dense.weight"] = np.zeros((32, 16), np.float16)
    with pytest.raises(ParityError) as caught:
        read_checkpoint(save(tmp_path / "broken", trtllm_config(), broken))
    assert "1 missing: transformer.layers.1.mlp.gate.weight" in caught.value.problem
    assert "1 extra: transformer.layers.0.attention.kv_cache_scaling_factor" in caught.value.problem
    assert "transformer.layers.2.attention.dense.weight is [32, 16], expected [32, 32]" in caught.value.problem


def test_a_tensor_of_another_dtype_is_named(tmp_path: Path, stored: dict[str, Any]) -> None:
    mixed = {**stored, "transformer.ln_f.weight": stored["transformer.ln_f.weight"].astype(np.float32)}
    with pytest.raises(ParityError, match=r"transformer\.ln_f\.weight \(F32\)"):
        read_checkpoint(save(tmp_path / "mixed", trtllm_config(), mixed))


def test_truncated_weights_are_refused(tmp_path: Path, stored: dict[str, Any]) -> None:
    folder = save(tmp_path / "cut", trtllm_config(), stored)
    file = folder / "rank0.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ParityError, match="truncated"):
        read_checkpoint(folder)


def test_weights_of_several_or_other_ranks_are_refused(tmp_path: Path, stored: dict[str, Any]) -> None:
    folder = save(tmp_path / "ranks", trtllm_config(), stored)
    save(folder, trtllm_config(), stored, rank=1)
    with pytest.raises(ParityError, match=r"expected rank0\.safetensors alone"):
        read_checkpoint(folder)
    (folder / "rank0.safetensors").unlink()
    with pytest.raises(ParityError, match=r"found rank1\.safetensors"):
        read_checkpoint(folder)


def test_a_folder_without_config_is_no_checkpoint(tmp_path: Path, stored: dict[str, Any]) -> None:
    folder = save(tmp_path / "bare", trtllm_config(), stored)
    (folder / "config.json").unlink()
    with pytest.raises(ParityError, match=r"config\.json: no such file"):
        build_network(folder)
