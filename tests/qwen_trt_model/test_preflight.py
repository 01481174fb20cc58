from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from parity.errors import ParityError
from qwen_trt_model import convert, preflight, require_faithful


@pytest.fixture
def checkpoint(plain_qwen2: Path, tmp_path: Path) -> Path:
    return convert(plain_qwen2, tmp_path / "checkpoint", dtype="fp16")


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
def test_a_conversion_is_faithful(plain_model: Path, tmp_path: Path, dtype: str) -> None:
    report = preflight(plain_model, convert(plain_model, tmp_path / "out", dtype=dtype))
    require_faithful(report)
    assert report.compared == (39 if "qwen2" in plain_model.name else 36)


def test_one_changed_bit_is_found_in_the_part_it_belongs_to(plain_qwen2: Path, checkpoint: Path) -> None:
    weights = load_file(checkpoint / "rank0.safetensors")
    weights["transformer.layers.1.attention.qkv.weight"].view("u2")[35, 7] ^= 1  # row 3 of k, which begins at 32
    save_file(weights, checkpoint / "rank0.safetensors")
    report = preflight(plain_qwen2, checkpoint)
    (difference,) = report.weights
    assert difference.tensor == "model.layers.1.self_attn.k_proj.weight"
    assert difference.stored_in == "transformer.layers.1.attention.qkv.weight"
    assert (difference.differing, difference.first) == (1, (3, 7))
    with pytest.raises(ParityError, match=r"k_proj\.weight \(in .*qkv\.weight\): 1 of 512 values differ.*\[3, 7\]"):
        require_faithful(report)


def test_swapped_blocks_are_found(plain_qwen2: Path, checkpoint: Path) -> None:
    weights = load_file(checkpoint / "rank0.safetensors")
    layer = "transformer.layers.0.mlp"
    weights[f"{layer}.fc.weight"], weights[f"{layer}.gate.weight"] = (
        weights[f"{layer}.gate.weight"],
        weights[f"{layer}.fc.weight"],
    )
    save_file(weights, checkpoint / "rank0.safetensors")
    found = [difference.tensor for difference in preflight(plain_qwen2, checkpoint).weights]
    assert found == ["model.layers.0.mlp.gate_proj.weight", "model.layers.0.mlp.up_proj.weight"]


def test_minus_zero_is_not_zero(plain_qwen2: Path, tmp_path: Path) -> None:
    model = shutil.copytree(plain_qwen2, tmp_path / "model")
    weights = load_file(model / "model.safetensors")
    weights["model.norm.weight"][0] = 0.0
    save_file(weights, model / "model.safetensors")
    checkpoint = convert(model, tmp_path / "out", dtype="fp16")
    weights["model.norm.weight"][0] = -0.0
    save_file(weights, model / "model.safetensors")
    assert [difference.tensor for difference in preflight(model, checkpoint).weights] == ["model.norm.weight"]


def test_other_constants_are_found(plain_qwen2: Path, checkpoint: Path) -> None:
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps({**config, "rotary_base": 1e5, "norm_epsilon": 1e-5}))
    report = preflight(plain_qwen2, checkpoint)
    assert {(item.key, item.expected, item.found) for item in report.config} == {
        ("rotary_base", "1000000.0", "100000.0"),
        ("norm_epsilon", "1e-06", "1e-05"),
    }
    with pytest.raises(ParityError, match=r"rotary_base is 100000\.0, expected 1000000\.0"):
        require_faithful(report)


def test_a_checkpoint_of_another_model_is_told_by_its_sizes(plain_qwen3: Path, checkpoint: Path) -> None:
    report = preflight(plain_qwen3, checkpoint)
    assert not report.faithful
    assert "head_size" in {item.key for item in report.config}
