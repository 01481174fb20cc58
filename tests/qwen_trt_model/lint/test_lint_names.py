"""Names, shapes and dtypes of tensors."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from lint_samples import Sample, at, only
from tiny_models import save_tiny_qwen3

QKV, BIAS, FC, PROJ = (
    f"{name}" for name in ("attention.qkv.weight", "attention.qkv.bias", "mlp.fc.weight", "mlp.proj.weight")
)
HEAD, EMBEDDING = "lm_head.weight", "transformer.vocab_embedding.weight"


@pytest.mark.parametrize(
    ("name", "check"),
    [(at(1, QKV), "missing"), (at(2, BIAS), "bias_missing"), (HEAD, "missing"), (EMBEDDING, "missing")],
)
def test_a_missing_tensor_is_an_error(qwen2: Sample, name: str, check: str, tmp_path: Path) -> None:
    finding = only(qwen2.with_tensors({}, without=(name,)).lint(tmp_path))
    assert (finding.check, finding.severity, finding.subject) == (check, "error", name)


def test_missing_biases_of_all_layers_are_one_finding(qwen2: Sample, tmp_path: Path) -> None:
    names = tuple(at(layer, BIAS) for layer in range(3))
    finding = only(qwen2.with_tensors({}, without=names).lint(tmp_path))
    assert (finding.check, finding.places) == ("bias_missing", 3)
    assert finding.subject == "transformer.layers.{0-2}.attention.qkv.bias"
    assert "model.layers.0.self_attn.q_proj.bias" in finding.expected


def test_a_tied_head_may_be_missing_but_should_not(qwen3: Sample, tmp_path: Path) -> None:
    finding = only(qwen3.with_tensors({}, without=(HEAD,)).lint(tmp_path))
    assert (finding.check, finding.severity) == ("tied_head_missing", "warning")


def test_a_tensor_that_the_model_does_not_have_is_pointed_out(qwen2: Sample, qwen3: Sample, tmp_path: Path) -> None:
    extra = {at(0, "attention.rotary_inv_freq"): np.ones(4, np.float32)}
    finding = only(qwen2.with_tensors(extra).lint(tmp_path))
    assert (finding.check, finding.severity) == ("extra", "warning")
    bias = {at(0, BIAS): np.ones(128, ml_dtypes.bfloat16)}
    finding = only(qwen3.with_tensors(bias).lint(tmp_path))
    assert (finding.check, finding.severity) == ("bias_extra", "error")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (at(0, "mlp.gate_proj.weight"), at(0, FC)),
        (at(0, "ln_1.weight"), at(0, "input_layernorm.weight")),
        ("model.norm.weight", "transformer.ln_f.weight"),
        ("transformer.embedding.weight", EMBEDDING),
    ],
)
def test_a_name_of_elsewhere_is_recognised_by_its_values(qwen2: Sample, wrong: str, right: str, tmp_path: Path) -> None:
    sample = qwen2.with_tensors({wrong: qwen2.weights[right]}, without=(right,))
    finding = only(sample.lint(tmp_path))
    assert (finding.check, finding.subject, finding.cure) == ("misnamed", wrong, f"rename it to {right}")


def test_q_k_v_that_were_not_joined_are_named(qwen2: Sample, tmp_path: Path) -> None:
    parts = dict(zip("qkv", np.split(qwen2.weights[at(0, QKV)], [32, 48]), strict=True))
    unfused = {at(0, f"attention.{name}.weight"): part for name, part in parts.items()}
    report = qwen2.with_tensors(unfused, without=(at(0, QKV),)).lint(tmp_path)
    assert [finding.check for finding in report.findings] == ["missing", *["extra"] * 3]


def test_a_transposed_matrix_is_told_by_its_shape(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(qwen2.changed(at(1, PROJ), lambda w: w.T).lint(tmp_path))
    assert (finding.check, finding.severity) == ("transposed", "error")
    assert (finding.expected, finding.found) == ("[32, 48]", "[48, 32]: it is transposed")


def test_another_shape_is_an_error(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(qwen2.changed(at(1, PROJ), lambda w: w[:, :40]).lint(tmp_path))
    assert (finding.check, finding.expected, finding.found) == ("shape", "[32, 48]", "[32, 40]")


@pytest.mark.parametrize("name", [HEAD, EMBEDDING])
def test_a_vocabulary_may_be_padded_with_zeros(qwen2: Sample, name: str, tmp_path: Path) -> None:
    assert qwen2.changed(name, lambda w: np.pad(w, ((0, 64), (0, 0)))).lint(tmp_path).findings == ()
    finding = only(qwen2.changed(name, lambda w: np.concatenate([w, w[:5]])).lint(tmp_path))
    assert (finding.check, finding.severity) == ("padding", "warning")
    assert finding.found == "5 rows more, not all zero"


def test_another_stored_dtype_is_an_error_and_its_values_are_compared_in_it(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(qwen2.changed("transformer.ln_f.weight", lambda w: w.astype(np.float32)).lint(tmp_path))
    assert (finding.check, finding.expected, finding.found) == (
        "stored_dtype",
        "float16, as config.json says",
        "float32",
    )


def test_integers_without_an_algorithm_are_an_error(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(qwen2.changed(at(0, FC), lambda w: w.astype(np.int8)).lint(tmp_path))
    assert (finding.check, finding.found) == ("stored_dtype", "int8")


def test_biases_of_the_model_that_no_tensor_takes_are_an_error(tmp_path: Path) -> None:
    """A Qwen3 with biases has one behind attention too, which TensorRT-LLM's Qwen drops."""
    from lint_samples import converted

    plain = converted(save_tiny_qwen3(tmp_path / "plain"), tmp_path / "out", dtype="bf16")
    biased = save_tiny_qwen3(tmp_path / "biased", attention_bias=True)
    report = Sample(biased, plain.config, plain.ranks).lint(tmp_path)
    found = {finding.check for finding in report.findings}
    assert {"attn_bias", "bias_missing", "unused_source"} <= found
    (unused,) = [finding for finding in report.findings if finding.check == "unused_source"]
    assert unused.subject == "Hugging Face: model.layers.{0-2}.self_attn.o_proj.bias"
