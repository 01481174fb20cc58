"""The attention function and its mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from capturing import captured, random_batch
from transformers import AttentionInterface, AutoModelForCausalLM
from transformers.models.qwen2.modeling_qwen2 import eager_attention_forward

from parity.errors import ParityError
from parity.hooks import TransformersRunner
from parity.taps import select_taps


def _logits(model: Any, ids: Any) -> Any:
    with torch.inference_mode():
        return model(torch.tensor(ids), attention_mask=torch.ones(ids.shape, dtype=torch.int64)).logits


def test_trap_an_attention_function_without_its_mask_function_loses_causality(tiny_qwen2_dir: Path) -> None:
    ids = random_batch(12).ids
    model = AutoModelForCausalLM.from_pretrained(tiny_qwen2_dir, dtype=torch.float32, attn_implementation="eager")
    expected = _logits(model, ids)
    AttentionInterface.register("without_mask", eager_attention_forward)
    try:
        model.set_attn_implementation("without_mask")
        assert (_logits(model, ids) - expected).abs().max() > 0.1
    finally:
        del AttentionInterface._global_mapping["without_mask"]


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("dtype", ["fp64", "fp32", "fp16"])
def test_a_token_does_not_see_those_after_it(tiny_dir: Path, dtype: str, attention: str) -> None:
    runner = TransformersRunner(tiny_dir, dtype=dtype, attention=attention)
    taps = captured(runner, random_batch(12))
    for layer in range(3):
        probabilities = taps[f"layers.{layer}.probs"]
        assert np.triu(probabilities[0, 0], k=1).max() == 0
        np.testing.assert_allclose(probabilities.astype(np.float64).sum(-1), 1, rtol=4e-3)
    changed = random_batch(12)
    changed.ids[0, -1] += 1 if changed.ids[0, -1] < 300 else -1
    others = captured(runner, changed)
    np.testing.assert_array_equal(others["logits"][:, :-1], taps["logits"][:, :-1])
    assert not np.array_equal(others["logits"][:, -1], taps["logits"][:, -1])


def test_scores_are_taken_before_the_mask(tiny_dir: Path) -> None:
    scores = captured(TransformersRunner(tiny_dir, dtype="fp32"), random_batch(12, 5))["layers.0.scores"]
    assert np.abs(scores[1, 0, 0, 1:]).min() > 0
    assert np.abs(scores).max() < 1e4


@pytest.mark.parametrize(("dtype", "limit"), [("fp32", 1e-6), ("fp16", 1e-3), ("bf16", 1e-2)])
def test_what_is_recomputed_beside_the_fused_kernel_is_what_eager_computes(
    tiny_dir: Path, dtype: str, limit: float
) -> None:
    tokens = random_batch(20, 9)
    runners = [TransformersRunner(tiny_dir, dtype=dtype, attention=attention) for attention in ("eager", "sdpa")]
    taps = select_taps(runners[0].describe().graph, "layers.0.scores,layers.0.probs")
    eager, fused = (captured(runner, tokens, taps) for runner in runners)
    for name, expected in eager.items():
        real = expected.astype(np.float64)[0]
        assert np.abs(fused[name].astype(np.float64)[0] - real).max() < limit * np.abs(real).max()


def test_scores_beside_a_fused_kernel_are_rounded_once(tiny_qwen2_dir: Path) -> None:
    """eager rounds q·k to 16 bits and again after scaling; a fused kernel keeps fp32 inside."""
    runner = TransformersRunner(tiny_qwen2_dir, dtype="bf16", attention="sdpa")
    taps = captured(runner, random_batch(20))
    query, key = (taps[f"layers.0.{name}_rope"].astype(np.float32) for name in "qk")
    wide = np.einsum("bthd,bkhd->bhtk", query, np.repeat(key, 2, axis=2)) * np.float32(8**-0.5)
    np.testing.assert_array_max_ulp(taps["layers.0.scores"].astype(np.float32), wide, maxulp=1 << 15)


def test_an_unknown_attention_is_refused(tiny_qwen2_dir: Path) -> None:
    with pytest.raises(ParityError, match="unknown attention 'flash'") as caught:
        TransformersRunner(tiny_qwen2_dir, dtype="fp32", attention="flash")
    assert caught.value.cure == "use eager or sdpa"
