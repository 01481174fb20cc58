"""Capturing looks and does not touch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from capturing import captured, every_tap, hook_count, random_batch
from transformers import AttentionInterface, AttentionMaskInterface, AutoModelForCausalLM

from parity.hooks import TransformersRunner
from parity.hooks.inputs import model_inputs
from parity.runner import Runner
from parity.taps import select_taps
from parity.tokens import Phase, TokenBatch

_TORCH = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def _bits(array: Any) -> bytes:
    return bytes(np.ascontiguousarray(array).view(np.uint8))


def _plain_logits(model: Any, tokens: TokenBatch) -> Any:
    with torch.inference_mode():
        return model(**model_inputs(tokens, torch.device("cpu"))).logits


def _traces(runner: TransformersRunner) -> tuple[Any, ...]:
    """Everything that a capture may not leave changed."""
    names = (frozenset(AttentionInterface()), frozenset(AttentionMaskInterface()))
    settings = (runner.model.config._attn_implementation, torch.get_float32_matmul_precision())
    return (hook_count(runner.model), *names, *settings)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
def test_output_has_the_same_bits_with_and_without_capture(tiny_dir: Path, dtype: str, attention: str) -> None:
    plain = AutoModelForCausalLM.from_pretrained(tiny_dir, dtype=_TORCH[dtype], attn_implementation=attention)
    runner = TransformersRunner(tiny_dir, dtype=dtype, attention=attention)
    # sdpa takes another path for each: no mask at all, a mask, and a single query.
    for tokens in (random_batch(25, 25), random_batch(25, 8), random_batch(1)):
        expected = _plain_logits(plain, tokens)
        logits = captured(runner, tokens)["logits"]
        assert _bits(logits) == _bits(expected.view(torch.uint8).numpy())
        assert torch.equal(_plain_logits(runner.model, tokens), expected)


def test_a_runner_is_what_the_protocol_asks_for(tiny_qwen2_dir: Path) -> None:
    runner: Runner = TransformersRunner(tiny_qwen2_dir, dtype="fp32")
    assert runner.describe().name == "transformers"


def test_a_runner_says_where_its_weights_lie(tiny_qwen2_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny_qwen2_dir.parent)
    assert TransformersRunner(tiny_qwen2_dir.name, dtype="fp32").describe().source == str(tiny_qwen2_dir.resolve())


def test_only_what_is_asked_is_captured(tiny_dir: Path) -> None:
    runner = TransformersRunner(tiny_dir, dtype="fp32")
    asked = select_taps(runner.describe().graph, "layers.1.probs,layers.2.k_rope,layers.0.act")
    assert set(captured(runner, random_batch(4), asked)) == {"layers.1.probs", "layers.2.k_rope", "layers.0.act"}


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_a_part_has_the_same_bits_as_in_a_capture_of_all(tiny_dir: Path, attention: str) -> None:
    runner = TransformersRunner(tiny_dir, dtype="fp16", attention=attention)
    tokens, everything = random_batch(9, 5), captured(runner, random_batch(9, 5))
    for tap in select_taps(runner.describe().graph, "layers.1.*"):
        np.testing.assert_array_equal(captured(runner, tokens, [tap])[tap.name], everything[tap.name])


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_arrays_are_contiguous_in_the_taps_layout_and_the_models_dtype(tiny_dir: Path, dtype: str) -> None:
    runner = TransformersRunner(tiny_dir, dtype=dtype)
    arrays = captured(runner, random_batch(6, 4))
    free = {"batch": 2, "token": 6, "key": 6}
    for tap in every_tap(runner):
        expected = [free[axis] if size is None else size for axis, size in zip(tap.axes, tap.sizes, strict=True)]
        assert list(arrays[tap.name].shape) == expected, tap.name
        assert arrays[tap.name].flags.c_contiguous, tap.name
        assert arrays[tap.name].dtype.name == dtype


def test_bfloat16_arrays_hold_the_models_numbers(tiny_qwen2_dir: Path) -> None:
    tokens, runner = random_batch(5), TransformersRunner(tiny_qwen2_dir, dtype="bf16")
    logits = captured(runner, tokens)["logits"]
    assert logits.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(logits.astype(np.float32), _plain_logits(runner.model, tokens).float().numpy())


def _spoil(module: Any, args: tuple[Any, ...], *rest: Any) -> None:
    args[0].fill_(1e4)


@pytest.mark.parametrize("tap", ["layers.0.resid_out", "layers.0.resid_mid", "layers.0.attn_ctx"])
def test_captured_values_survive_later_changes_in_place(tiny_qwen2_dir: Path, tap: str) -> None:
    runner, tokens = TransformersRunner(tiny_qwen2_dir, dtype="fp32"), random_batch(5)
    clean = captured(runner, tokens)
    layers = runner.model.model.layers
    # Each of these runs after the tap is seen, and writes to the very tensor that was seen.
    handles = {
        "layers.0.resid_out": lambda: layers[1].register_forward_pre_hook(_spoil),
        "layers.0.resid_mid": lambda: layers[0].post_attention_layernorm.register_forward_hook(_spoil),
        "layers.0.attn_ctx": lambda: layers[0].self_attn.o_proj.register_forward_hook(_spoil),
    }
    handle = handles[tap]()
    try:
        spoilt = captured(runner, tokens)
    finally:
        handle.remove()
    np.testing.assert_array_equal(spoilt[tap], clean[tap])
    if tap != "layers.0.attn_ctx":  # nothing reads the context after its projection
        assert not np.array_equal(spoilt["logits"], clean["logits"])


def test_arrays_of_one_capture_are_not_written_by_the_next(tiny_qwen2_dir: Path) -> None:
    runner = TransformersRunner(tiny_qwen2_dir, dtype="fp32")
    first = captured(runner, random_batch(5))
    kept = {name: array.copy() for name, array in first.items()}
    captured(runner, random_batch(5, seed=8))
    for name, array in first.items():
        np.testing.assert_array_equal(array, kept[name])


@pytest.mark.parametrize("dtype", ["fp64", "fp32"])
@pytest.mark.parametrize("stop", ["embed", "layers.1.probs", "layers.2.act", "logits"])
def test_nothing_stays_behind_when_the_sink_raises(tiny_dir: Path, dtype: str, stop: str) -> None:
    runner = TransformersRunner(tiny_dir, dtype=dtype)
    before = _traces(runner)

    def sink(name: str, array: Any) -> None:
        if name == stop:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        runner.capture(Phase("prefill", random_batch(4)), every_tap(runner), sink)
    assert _traces(runner) == before
    assert "logits" in captured(runner, random_batch(4))


def test_nothing_stays_behind_when_the_model_raises(tiny_dir: Path) -> None:
    runner = TransformersRunner(tiny_dir, dtype="fp64", attention="sdpa")

    def fail(module: Any, args: Any) -> None:
        raise RuntimeError("broken module")

    handle = runner.model.model.layers[1].mlp.register_forward_pre_hook(fail)
    before = _traces(runner)
    with pytest.raises(RuntimeError, match="broken module"):
        captured(runner, random_batch(4))
    assert _traces(runner) == before
    handle.remove()


def test_nothing_stays_behind_after_a_capture(tiny_dir: Path) -> None:
    runner = TransformersRunner(tiny_dir, dtype="fp64")
    before = _traces(runner)
    captured(runner, random_batch(4))
    assert _traces(runner) == before
    assert hook_count(runner.model) == 0


def test_a_capture_within_a_capture_disturbs_neither(tiny_qwen2_dir: Path, tiny_qwen3_dir: Path) -> None:
    outer, inner = (TransformersRunner(folder, dtype="fp32") for folder in (tiny_qwen2_dir, tiny_qwen3_dir))
    tokens = random_batch(6)
    alone, within = {"outer": captured(outer, tokens), "inner": captured(inner, tokens)}, {"outer": {}, "inner": {}}

    def sink(name: str, array: Any) -> None:
        within["outer"][name] = array
        if name == "layers.1.q":
            within["inner"] = captured(inner, tokens)

    outer.capture(Phase("prefill", tokens), every_tap(outer), sink)
    for side in alone:
        assert alone[side].keys() == within[side].keys()
        for name in alone[side]:
            np.testing.assert_array_equal(within[side][name], alone[side][name])


def test_tf32_is_off_while_capturing_and_back_afterwards(tiny_qwen2_dir: Path) -> None:
    runner, seen = TransformersRunner(tiny_qwen2_dir, dtype="fp32"), []
    torch.set_float32_matmul_precision("high")
    try:
        taps = select_taps(runner.describe().graph, "logits")
        runner.capture(
            Phase("prefill", random_batch(3)), taps, lambda *_: seen.append(torch.get_float32_matmul_precision())
        )
        assert (seen, torch.get_float32_matmul_precision()) == (["highest"], "high")
    finally:
        torch.set_float32_matmul_precision("highest")
