"""Random models of real shapes: what trained models show is in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from benchmarks.tensorrt.make_model import make_model
from benchmarks.tensorrt.random_weights import SHAPES
from parity.hooks import open_checkpoint
from parity.hooks.model import load_model

TINY = SHAPES["tiny"]
HALF = SHAPES["0.5b"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "tiny"
    assert make_model(TINY, out, dtype="float16", seed=0, device="cpu")
    return out


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}


def streams(folder: Path, ids: Any) -> list[torch.Tensor]:
    """The residual stream ``[token, hidden]``, before each layer and behind the last but one."""
    model = load_model(open_checkpoint(folder), dtype=torch.float32, attention="eager", device=torch.device("cpu"))
    with torch.inference_mode():
        return [states[0] for states in model(torch.tensor([ids]), output_hidden_states=True).hidden_states[:-1]]


def test_the_first_token_alone_has_a_massive_activation_behind_layer_1(folder: Path) -> None:
    ids = [TINY.first_token, *range(40, 72)]
    before, behind = streams(folder, ids)[1:3]
    assert float(behind[0].abs().max()) == pytest.approx(2400, rel=5e-3)
    assert int(behind[0].abs().argmax()) == TINY.massive_channel
    assert float(before.abs().max()) < 1
    assert float(behind[1:].abs().max()) < 24


def test_a_tied_model_has_one_too_and_no_head(tmp_path: Path) -> None:
    shape = replace(HALF, layers=2, vocabulary=64, first_token=3, intermediate=256)
    make_model(shape, tmp_path / "tied", dtype="float16", seed=0, device="cpu")
    assert "lm_head.weight" not in weights(tmp_path / "tied")
    make_model(replace(shape, layers=3), tmp_path / "deeper", dtype="float16", seed=0, device="cpu")
    behind = streams(tmp_path / "deeper", [3, 9, 20])[2]
    assert float(behind[0].abs().max()) == pytest.approx(2400, rel=5e-3)


def test_biases_norms_and_embeddings_are_those_of_trained_models(folder: Path) -> None:
    found = {name: tensor.float() for name, tensor in weights(folder).items()}
    norm = found["model.layers.0.input_layernorm.weight"]
    assert float(norm.max() / norm.min()) > 10  # outliers
    assert float(norm.quantile(0.9) / norm.quantile(0.1)) > 2
    assert float(found["model.layers.2.self_attn.k_proj.bias"].std()) > 0.5
    assert float(found["model.embed_tokens.weight"].std()) < 0.03
    outliers = found["model.layers.0.mlp.gate_proj.weight"].square().mean(0).sqrt()
    assert float(outliers.max() / outliers.median()) > 5


def test_a_seed_gives_the_same_model_and_fewer_layers_its_first_ones(folder: Path, tmp_path: Path) -> None:
    make_model(replace(TINY, layers=2), tmp_path / "less", dtype="float16", seed=0, device="cpu")
    make_model(TINY, tmp_path / "other", dtype="float16", seed=1, device="cpu")
    first, less, other = weights(folder), weights(tmp_path / "less"), weights(tmp_path / "other")
    shared = [name for name in first if ".layers.0." in name or "embed" in name]
    assert shared
    assert all(torch.equal(first[name], less[name]) for name in shared)
    assert not any(torch.equal(first[name], other[name]) for name in shared)


def test_what_is_there_is_kept_and_what_is_half_there_made_again(tmp_path: Path) -> None:
    out = tmp_path / "model"
    assert make_model(TINY, out, dtype="float16", seed=0, device="cpu")
    assert not make_model(TINY, out, dtype="float16", seed=0, device="cpu")
    assert make_model(TINY, out, dtype="float16", seed=1, device="cpu")
    (out / "config.json").unlink()
    assert make_model(TINY, out, dtype="float16", seed=1, device="cpu")
    open_checkpoint(out)
