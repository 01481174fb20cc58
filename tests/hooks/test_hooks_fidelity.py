"""The truth is fp64 and the tap table is right: each tap follows from its inputs, recomputed in NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from capturing import captured, every_tap, left_padded, random_batch
from decoder_in_numpy import DecoderInNumpy, load_weights
from tiny_models import save_tiny_qwen2, save_tiny_qwen3

from parity.hooks import TransformersRunner
from parity.tokens import TokenBatch

_YARN = {
    "rope_type": "yarn",
    "rope_theta": 1e4,
    "factor": 4.0,
    "original_max_position_embeddings": 128,
}


def _relative_error(found: Any, expected: Any, mask: Any) -> float:
    return float(np.linalg.norm((found - expected)[mask]) / np.linalg.norm(expected[mask]))


def _errors(runner: TransformersRunner, folder: Path, tokens: TokenBatch, **settings: Any) -> dict[str, float]:
    """rel-L2 of each tap at real tokens, between what was captured and what follows from captured inputs."""
    taps = captured(runner, tokens)
    numpy = DecoderInNumpy(load_weights(folder), tokens, **settings)
    errors = {}
    for tap in every_tap(runner):
        found, expected = taps[tap.name], numpy.compute(tap, taps)
        assert found.shape == expected.shape, tap.name
        if tap.axes[1] == "head":  # [batch, head, token, key]
            found, expected = found.swapaxes(1, 2), expected.swapaxes(1, 2)
        errors[tap.name] = _relative_error(found, expected, tokens.mask)
    return errors


def _inv_freq(theta: float, head_dim: int) -> Any:
    return (1 / np.float32(theta) ** (np.arange(0, head_dim, 2, dtype=np.float32) / head_dim)).astype(np.float32)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_every_tap_follows_from_its_inputs_in_fp64(tiny_dir: Path, attention: str) -> None:
    runner = TransformersRunner(tiny_dir, dtype="float64", attention=attention)
    inv_freq = runner.model.model.rotary_emb.inv_freq.numpy()
    expected = _inv_freq(1e6, 16) if tiny_dir.name.endswith("3") else _inv_freq(1e4, 8)
    np.testing.assert_array_max_ulp(inv_freq, expected, maxulp=2)
    errors = _errors(runner, tiny_dir, random_batch(90, 1, 40), inv_freq=inv_freq)
    assert max(errors.values()) < 1e-12, max(errors, key=errors.__getitem__)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_left_padding_is_captured_as_faithfully(tiny_dir: Path, attention: str) -> None:
    runner = TransformersRunner(tiny_dir, dtype="float64", attention=attention)
    inv_freq = runner.model.model.rotary_emb.inv_freq.numpy()
    errors = _errors(runner, tiny_dir, left_padded(random_batch(20, 7)), inv_freq=inv_freq)
    assert max(errors.values()) < 1e-12, max(errors, key=errors.__getitem__)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_a_sliding_window_is_what_transformers_makes_of_it(tmp_path: Path, attention: str) -> None:
    window = {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 0}
    runner = TransformersRunner(save_tiny_qwen3(tmp_path, **window), dtype="float64", attention=attention)
    inv_freq = runner.model.model.rotary_emb.inv_freq.numpy()
    errors = _errors(runner, tmp_path, random_batch(12, 30), inv_freq=inv_freq, window=5)
    assert max(errors.values()) < 1e-12, max(errors, key=errors.__getitem__)
    assert runner.describe().flags["sliding_window"] == "5 in layers 0, 1, 2"


def test_scaled_rotary_tables_are_fp64_too(tmp_path: Path) -> None:
    runner = TransformersRunner(save_tiny_qwen2(tmp_path, rope_parameters=_YARN), dtype="float64")
    rotary = runner.model.model.rotary_emb
    assert rotary.attention_scaling > 1.1
    settings = {"inv_freq": rotary.inv_freq.numpy(), "attention_scaling": rotary.attention_scaling}
    errors = _errors(runner, tmp_path, random_batch(200), **settings)
    assert max(errors.values()) < 1e-12, max(errors, key=errors.__getitem__)


@pytest.mark.parametrize(("dtype", "least", "most"), [("fp32", 1e-9, 1e-6), ("fp16", 1e-5, 5e-3), ("bf16", 1e-4, 4e-2)])
def test_narrower_dtypes_show_their_own_rounding(tiny_dir: Path, dtype: str, least: float, most: float) -> None:
    tokens = random_batch(30)
    truth = captured(TransformersRunner(tiny_dir, dtype="fp64"), tokens)["logits"]
    found = captured(TransformersRunner(tiny_dir, dtype=dtype), tokens)["logits"].astype(np.float64)
    assert least < _relative_error(found, truth, tokens.mask) < most


def test_the_last_resid_out_is_the_layers_own_and_not_the_normed_one(tiny_dir: Path) -> None:
    import torch

    runner, tokens = TransformersRunner(tiny_dir, dtype="fp32"), random_batch(9)
    taps = captured(runner, tokens)
    with torch.no_grad():
        hidden = runner.model(torch.tensor(tokens.ids), output_hidden_states=True).hidden_states
    np.testing.assert_array_equal(hidden[-1].numpy(), taps["final_norm"])
    np.testing.assert_array_equal(hidden[1].numpy(), taps["layers.0.resid_out"])
    np.testing.assert_array_equal(taps["layers.2.resid_mid"] + taps["layers.2.mlp_out"], taps["layers.2.resid_out"])
    assert np.abs(taps["final_norm"] - taps["layers.2.resid_out"]).max() > 0.1
