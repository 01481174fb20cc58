"""Bad checkpoints and bad tokens: one message that names the thing, and a cure."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
from capturing import captured, random_batch
from safetensors.torch import load_file, save_file

from parity.errors import ParityError
from parity.hooks import TransformersRunner, open_checkpoint
from parity.tokens import Phase, TokenBatch

_Tensors = dict[str, torch.Tensor]


@pytest.fixture
def copy(tiny_qwen2_dir: Path, tmp_path: Path) -> Path:
    """A tiny Qwen2 that may be spoilt."""
    return Path(shutil.copytree(tiny_qwen2_dir, tmp_path / "copy"))


def _refusal(source: Path | str) -> ParityError:
    with pytest.raises(ParityError) as caught:
        open_checkpoint(source)
    assert caught.value.cure
    return caught.value


def _change_weights(folder: Path, change: Callable[[_Tensors], object]) -> None:
    stored = load_file(folder / "model.safetensors")
    change(stored)
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})


def _change_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_missing_folder_is_named() -> None:
    assert "/absent/model: no such folder" in _refusal("/absent/model").problem


def test_a_file_is_no_folder(copy: Path) -> None:
    assert _refusal(copy / "config.json").problem.endswith("config.json: is a file")


def test_a_hub_id_that_the_hub_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(hub_id: str, **options: Any) -> str:
        raise huggingface_hub.errors.LocalEntryNotFoundError("cannot find it\nand more lines")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unknown)
    refusal = _refusal("nobody/nothing")
    assert refusal.problem.startswith("nobody/nothing: no such folder, and the hub gives no such model")
    assert "cannot find it)" in refusal.problem


def test_a_hub_id_is_the_models_name(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda hub_id, **options: str(copy))
    assert open_checkpoint("Qwen/Qwen2-0.1B").label == "Qwen/Qwen2-0.1B"


def test_a_folder_without_config_is_refused(copy: Path) -> None:
    (copy / "config.json").unlink()
    assert _refusal(copy).problem == f"{copy}: holds no config.json"


@pytest.mark.parametrize(("text", "found"), [("{", "not JSON"), ("[]", "no model_type"), ("{}", "no model_type")])
def test_a_config_that_is_none_is_refused(copy: Path, text: str, found: str) -> None:
    (copy / "config.json").write_text(text)
    assert found in _refusal(copy).problem


def test_an_unsupported_model_is_refused_by_name_with_those_that_are(copy: Path) -> None:
    _change_config(copy, model_type="llama")
    refusal = _refusal(copy)
    assert "model type 'llama' is not supported" in refusal.problem
    assert refusal.cure == "use a model of type qwen2 or qwen3"


def test_a_quantised_checkpoint_is_no_reference(copy: Path) -> None:
    _change_config(copy, quantization_config={"quant_method": "gptq", "bits": 4})
    assert "quantised" in _refusal(copy).problem


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_size": "wide"},
        {"num_attention_heads": 0},
        {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}},
        {"rope_parameters": {"rope_type": "unheard-of", "rope_theta": 1e4}},
    ],
)
def test_a_config_that_transformers_cannot_build_is_named(copy: Path, changes: dict[str, Any]) -> None:
    _change_config(copy, **changes)
    assert f"{copy / 'config.json'}: transformers can't build this model" in _refusal(copy).problem


def test_another_activation_is_refused(copy: Path) -> None:
    _change_config(copy, hidden_act="gelu")
    assert "hidden_act is 'gelu', expected 'silu'" in _refusal(copy).problem


def test_a_folder_without_weights_is_refused(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    assert "holds no *.safetensors file" in _refusal(copy).problem


def test_truncated_weights_are_named(copy: Path) -> None:
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-7])
    assert f"{file}: truncated or damaged" in _refusal(copy).problem


def test_missing_extra_and_misshaped_keys_are_all_listed_at_once(copy: Path) -> None:
    def change(tensors: _Tensors) -> None:
        del tensors["model.layers.1.mlp.up_proj.weight"], tensors["lm_head.weight"]
        tensors["score.weight"] = torch.zeros(2, 32)
        tensors["model.layers.2.self_attn.q_proj.bias"] = torch.zeros(31)

    _change_weights(copy, change)
    assert _refusal(copy).problem.splitlines()[1:] == [
        "  missing: lm_head.weight, model.layers.1.mlp.up_proj.weight",
        "  extra: score.weight",
        "  misshaped: model.layers.2.self_attn.q_proj.bias (stored (31,), expected (32,))",
    ]


def test_a_long_list_of_keys_is_cut_and_says_so(copy: Path) -> None:
    _change_config(copy, num_hidden_layers=5, layer_types=["full_attention"] * 5)
    assert _refusal(copy).problem.endswith(" and 12 more")


def test_rotary_frequencies_of_old_checkpoints_are_no_extra_keys(copy: Path) -> None:
    _change_weights(
        copy, lambda tensors: tensors.update({"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)})
    )
    assert "logits" in captured(TransformersRunner(copy, dtype="fp32"), random_batch(3))


@pytest.mark.parametrize("token_id", [-1, 320, 151643])
def test_ids_outside_the_vocabulary_are_named(tiny_qwen2_dir: Path, token_id: int) -> None:
    runner = TransformersRunner(tiny_qwen2_dir, dtype="fp32")
    tokens = TokenBatch.from_sequences([[1, 2, 3], [4, token_id]])
    with pytest.raises(ParityError, match=f"prompt 2, token 1: id {token_id} is outside the vocabulary of 320"):
        captured(runner, tokens)


def test_the_last_id_and_the_last_position_are_taken(tiny_qwen2_dir: Path) -> None:
    runner = TransformersRunner(tiny_qwen2_dir, dtype="fp16", attention="sdpa")
    tokens = TokenBatch.from_sequences([[319] * runner.max_positions])
    assert captured(runner, tokens)["logits"].shape == (1, 512, 320)


def test_a_prompt_beyond_the_models_positions_is_refused(tiny_qwen2_dir: Path) -> None:
    runner = TransformersRunner(tiny_qwen2_dir, dtype="fp32")
    tokens = TokenBatch.from_sequences([[1], [2] * 513])
    with pytest.raises(ParityError, match="prompt 2 reaches 513 positions, the model has 512"):
        captured(runner, tokens)


def test_a_phase_that_continues_another_is_not_run_as_if_it_stood_alone(tiny_qwen2_dir: Path) -> None:
    runner = TransformersRunner(tiny_qwen2_dir, dtype="fp32")
    with pytest.raises(ParityError, match=r"phase 'decode\.0': only prefill"):
        runner.capture(Phase("decode.0", random_batch(1)), [], lambda *_: None)
