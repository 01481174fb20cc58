"""Values that are not the model's, and what they are instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from lint_samples import Array, Sample, at, converted, only
from plain_models import huggingface_config, huggingface_weights, save_model
from safetensors.numpy import load_file

QKV, BIAS, FC, GATE = "attention.qkv.weight", "attention.qkv.bias", "mlp.fc.weight", "mlp.gate.weight"
INPUT, POST, DENSE = "input_layernorm.weight", "post_layernorm.weight", "attention.dense.weight"
HEAD, EMBEDDING = "lm_head.weight", "transformer.vocab_embedding.weight"
ONE = np.arange(48 * 32).reshape(48, 32) == 100


def swapped(sample: Sample, one: str, other: str) -> Sample:
    return sample.with_tensors({one: sample.weights[other], other: sample.weights[one]})


def test_gate_and_up_exchanged_are_told_with_both_sides_names(qwen2: Sample, tmp_path: Path) -> None:
    report = swapped(qwen2, at(1, FC), at(1, GATE)).lint(tmp_path)
    assert [(finding.check, finding.subject) for finding in report.findings] == [
        ("gate_up_exchanged", at(1, FC)),
        ("gate_up_exchanged", at(1, GATE)),
    ]
    first = report.findings[0]
    assert (first.expected, first.found) == ("model.layers.1.mlp.gate_proj.weight", "model.layers.1.mlp.up_proj.weight")
    assert "TensorRT-LLM's fc is the activated branch" in first.cure


def test_norms_exchanged(qwen2: Sample, qwen3: Sample, tmp_path: Path) -> None:
    report = swapped(qwen2, at(0, INPUT), at(0, POST)).lint(tmp_path)
    assert [finding.check for finding in report.findings] == ["norms_exchanged"] * 2
    q, k = at(0, "attention.q_layernorm.weight"), at(0, "attention.k_layernorm.weight")
    assert [finding.check for finding in swapped(qwen3, q, k).lint(tmp_path).findings] == ["norms_exchanged"] * 2


def test_another_layer_s_weights(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(qwen2.with_tensors({at(2, QKV): qwen2.weights[at(0, QKV)]}).lint(tmp_path))
    assert finding.check == "another_layer"
    assert finding.found.startswith("model.layers.0.self_attn.q_proj.weight, model.layers.0.self_attn.k_proj.weight")


def test_one_part_of_another_layer(qwen2: Sample, tmp_path: Path) -> None:
    def mixed(array: Array) -> Array:
        return np.concatenate([array[:48], qwen2.weights[at(0, QKV)][48:]])

    finding = only(qwen2.changed(at(2, QKV), mixed).lint(tmp_path))
    assert (finding.check, finding.subject) == ("another_layer", f"{at(2, QKV)} (v)")
    assert finding.found == "model.layers.0.self_attn.v_proj.weight"


def test_an_untied_head_that_is_the_embedding(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(qwen2.with_tensors({HEAD: qwen2.weights[EMBEDDING]}).lint(tmp_path))
    assert finding.check == "head_is_embedding"
    assert finding.found == "model.embed_tokens.weight, though the head is not tied"


def test_a_tied_head_that_is_something_else(qwen3: Sample, tmp_path: Path) -> None:
    noise = np.random.default_rng(4).normal(size=qwen3.weights[HEAD].shape).astype(ml_dtypes.bfloat16)
    finding = only(qwen3.with_tensors({HEAD: noise}).lint(tmp_path))
    assert (finding.check, finding.subject) == ("unrelated", HEAD)
    assert finding.found.startswith("unrelated values: 102")


@pytest.mark.parametrize(
    ("name", "change", "check", "words"),
    [
        (EMBEDDING, lambda w: w * np.float16(32**0.5), "scaled", "every value times 5.65"),
        (at(0, DENSE), lambda w: -w, "scaled", "every value times -1, the sign is turned"),
        (at(0, FC), lambda w: w / np.float16(2), "scaled", "every value times 0.5"),
        (at(0, BIAS), lambda b: 2 * b, "scaled", "every value times 2"),
        (at(0, INPUT), lambda w: w - np.float16(1), "offset", "every value -1"),
        ("transformer.ln_f.weight", lambda w: w + np.float16(1), "offset", "every value +1"),
        (at(0, FC), np.zeros_like, "zeroed", "zero everywhere"),
        (
            at(0, FC),
            lambda w: np.where(np.arange(48)[:, None] // 8 == 2, 0, w),
            "zeroed",
            "zero in 8 of 48 rows, rows 16 to 23",
        ),
        (
            at(0, FC),
            lambda w: w * np.where(np.arange(48) == 7, 3, 1).astype("f2")[:, None],
            "rows_scaled",
            "1 of 48 rows",
        ),
        (at(0, FC), lambda w: np.where(ONE, np.float16(np.nan), w), "not_finite", "NaN or infinity in 1 of"),
        (at(0, FC), lambda w: np.clip(w, -0.25, 0.25), "clamped", "values cut off at ±0.25"),
        (at(0, FC), lambda w: np.where(ONE, np.float16(0.7), w), "different", "1 of 1536 values differ"),
        (at(0, FC), lambda w: w + np.float16(0.01) * np.arange(32, dtype="f2"), "different", "of 1536 values differ"),
    ],
)
def test_what_the_values_are_instead_is_said(
    qwen2: Sample, name: str, change: Callable[[Array], Array], check: str, words: str, tmp_path: Path
) -> None:
    finding = only(qwen2.changed(name, lambda w: change(w).astype(np.float16)).lint(tmp_path))
    assert (finding.check, finding.severity, finding.subject) == (check, "error", name)
    assert words in finding.found


def test_an_attention_scale_that_was_folded_into_q(qwen2: Sample, tmp_path: Path) -> None:
    def folded(array: Array) -> Array:
        factors = np.where(np.arange(64) < 32, 8**-0.5, 1)[:, None]
        return (array * factors).astype(np.float16)

    finding = only(qwen2.changed(at(0, QKV), folded).lint(tmp_path))
    assert (finding.check, finding.subject) == ("scaled", f"{at(0, QKV)} (q)")
    assert finding.found.endswith("the attention scale, 1 / √head_size")


@pytest.mark.parametrize(("name", "norm"), [(at(1, QKV), INPUT), (at(1, FC), POST), (HEAD, "transformer.ln_f.weight")])
def test_a_norm_that_was_folded_in(qwen2: Sample, name: str, norm: str, tmp_path: Path) -> None:
    weight = qwen2.weights[norm if norm.startswith("transformer") else at(1, norm)]
    folded = (qwen2.weights[name].astype(np.float64) * weight.astype(np.float64)).astype(np.float16)
    report = qwen2.with_tensors({name: folded}).lint(tmp_path)
    assert {finding.check for finding in report.findings} == {"norm_folded_in"}
    assert "norm" in report.findings[0].found


def test_values_that_were_rounded_twice_are_a_warning_that_says_how(tmp_path: Path) -> None:
    """fp32 weights in an fp16 checkpoint that went through bf16 on their way."""
    config = huggingface_config()
    weights = {name: array.astype(np.float32) for name, array in huggingface_weights(config).items()}
    rng = np.random.default_rng(1)
    weights = {name: (array * (1 + 1e-3 * rng.random(array.shape))).astype("f4") for name, array in weights.items()}
    sample = converted(save_model(tmp_path / "model", config, weights), tmp_path / "out")
    assert sample.lint(tmp_path).findings == ()
    exact = weights["model.layers.0.mlp.gate_proj.weight"]
    for change, words in (
        (exact.astype(ml_dtypes.bfloat16).astype(np.float16), "rounded to bfloat16 first"),
        (towards_zero(exact), "cut off towards zero instead of rounded"),
        (np.nextafter(exact.astype(np.float16), np.float16(9)), "up to 2 units in the last place"),
    ):
        finding = only(sample.with_tensors({at(0, FC): change}).lint(tmp_path))
        assert (finding.check, finding.severity) == ("rounded_otherwise", "warning")
        assert finding.found.endswith(words) or words in finding.found


def towards_zero(array: Array) -> Array:
    nearest = array.astype(np.float16)
    beyond = np.abs(nearest.astype(np.float32)) > np.abs(array)
    return np.where(beyond, np.nextafter(nearest, np.float16(0)), nearest)


def test_overflow_in_fp16_is_an_error_even_where_the_cast_is_exact(tmp_path: Path) -> None:
    config = huggingface_config()
    weights = huggingface_weights(config)
    weights["model.layers.1.mlp.down_proj.weight"][3, 4] = 1e5
    sample = converted(save_model(tmp_path / "model", config, weights), tmp_path / "out", dtype="bf16")
    assert sample.lint(tmp_path).findings == ()
    with np.errstate(over="ignore"):
        cast = {name: array.astype(np.float16) for name, array in sample.weights.items()}
    half = Sample(sample.model, {**sample.config, "dtype": "float16"}, {0: cast})
    finding = only(half.lint(tmp_path))
    assert (finding.check, finding.subject) == ("overflow", at(1, "mlp.proj.weight"))
    assert finding.found == "1 that are infinite in fp16"


def test_two_mistakes_are_two_findings(qwen2: Sample, tmp_path: Path) -> None:
    sample = swapped(qwen2, at(0, FC), at(0, GATE)).changed(at(2, BIAS), lambda b: 2 * b)
    assert [finding.check for finding in sample.lint(tmp_path).findings] == ["gate_up_exchanged"] * 2 + ["scaled"]


def test_minus_zero_and_nan_of_the_model_are_equal_to_themselves(tmp_path: Path) -> None:
    config = huggingface_config()
    weights = huggingface_weights(config)
    weights["model.norm.weight"][:2] = [np.nan, 0.0]
    sample = converted(save_model(tmp_path / "model", config, weights), tmp_path / "out")
    signed = sample.changed("transformer.ln_f.weight", lambda w: np.where(w == 0, np.float16(-0.0), w))
    assert signed.lint(tmp_path).findings == ()
    assert np.signbit(load_file(tmp_path / "checkpoint" / "rank0.safetensors")["transformer.ln_f.weight"][1])
