"""Defaults that bite, and keys of the model that did not reach the checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lint_samples import Sample, converted, only
from plain_models import huggingface_config, save_model, trtllm_config

from qwen_trt_model.lint import LintReport


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("norm_epsilon", ..., "nothing, so that TensorRT-LLM takes 1e-05"),
        ("norm_epsilon", 1e-5, "1e-05"),
        ("position_embedding_type", ..., 'nothing, so that TensorRT-LLM takes "learned_absolute"'),
        ("position_embedding_type", "rope_gptj", '"rope_gptj"'),
        ("num_key_value_heads", ..., "nothing, so that TensorRT-LLM takes 4"),
        ("intermediate_size", ..., "nothing, so that TensorRT-LLM takes 128"),
        ("hidden_act", ..., 'nothing, so that TensorRT-LLM takes "gelu"'),
        ("architecture", "QWenForCausalLM", '"QWenForCausalLM"'),
        ("qwen_type", ..., "nothing, and TensorRT-LLM demands it"),
        ("qwen_type", "qwen", '"qwen"'),
        ("attn_bias", False, "false"),
        ("mlp_bias", True, "true"),
        ("use_logn_attn", True, "true"),
        ("num_hidden_layers", 2, "2"),
        ("vocab_size", 321, "321"),
        ("dtype", ..., "nothing, and TensorRT-LLM demands it"),
        ("dtype", "int8", '"int8"'),
    ],
)
def test_a_wrong_or_missing_key_is_an_error(qwen2: Sample, key: str, value: Any, found: str, tmp_path: Path) -> None:
    finding = only(qwen2.with_keys(**{key: value}).lint(tmp_path))
    assert (finding.check, finding.severity, finding.subject) == (key, "error", f"config.json: {key}")
    assert finding.found == found


@pytest.mark.parametrize(
    "key", ["head_size", "attn_bias", "mlp_bias", "use_logn_attn", "seq_length", "rotary_scaling", "mapping", "moe"]
)
def test_a_missing_key_whose_default_fits_is_no_finding(qwen2: Sample, key: str, tmp_path: Path) -> None:
    assert qwen2.with_keys(**{key: ...}).lint(tmp_path).findings == ()


def test_qwen3_needs_its_head_size_and_no_bias(qwen3: Sample, tmp_path: Path) -> None:
    report = qwen3.with_keys(head_size=..., attn_bias=..., rotary_embedding_dim=...).lint(tmp_path)
    assert [(finding.check, finding.found) for finding in report.findings] == [
        ("head_size", "nothing, so that TensorRT-LLM takes 8"),
        ("attn_bias", "nothing, so that TensorRT-LLM takes true"),
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1e5, "100000, the default of TensorRT-LLM's converter where the configuration object has no rope_theta"),
        (5e5, "500000"),
        (..., "nothing, so that TensorRT-LLM takes 10000"),
    ],
)
def test_a_lost_rotary_base_is_traced_to_its_default(qwen3: Sample, value: Any, words: str, tmp_path: Path) -> None:
    finding = only(qwen3.with_keys(rotary_base=value).lint(tmp_path))
    assert finding.check == "rotary_base"
    assert finding.expected == "1e+06 (rope_parameters.rope_theta of the Hugging Face model)"
    assert finding.found.startswith(words)


@pytest.mark.parametrize(("key", "value"), [("rotary_pct", 0.5), ("rotary_embedding_dim", 4)])
def test_partial_rotation_is_an_error(qwen2: Sample, key: str, value: float, tmp_path: Path) -> None:
    sample = qwen2.with_keys(**{"rotary_embedding_dim": ..., key: value})
    finding = only(sample.lint(tmp_path))
    assert finding.check == "rotary_part"
    assert "so that 4 channels are rotated" in finding.found


@pytest.mark.parametrize(
    ("key", "value", "severity"), [("max_position_embeddings", 256, "warning"), ("logits_dtype", "float16", "note")]
)
def test_what_can_hardly_hurt_is_no_error(qwen2: Sample, key: str, value: Any, severity: str, tmp_path: Path) -> None:
    (finding,) = qwen2.with_keys(**{key: value}).lint(tmp_path).findings
    assert (finding.check, finding.severity) == (key, severity)


def test_experts_of_a_dense_model_are_an_error(qwen2: Sample, tmp_path: Path) -> None:
    assert only(qwen2.with_keys(moe={"num_experts": 8}).lint(tmp_path)).check == "experts"


def test_unknown_keys_are_listed_and_not_counted(qwen2: Sample, tmp_path: Path) -> None:
    before = qwen2.lint(tmp_path)
    report = qwen2.with_keys(query_pre_attn_scalar=16, zeta=1).lint(tmp_path)
    finding = only(report)
    assert (finding.check, finding.severity) == ("unread_keys", "warning")
    assert finding.subject == "config.json: query_pre_attn_scalar, zeta"
    assert report.keys == before.keys


def test_the_keys_that_tensorrt_llm_writes_are_known(tmp_path: Path) -> None:
    model = save_model(tmp_path / "model", huggingface_config())
    sample = converted(model, tmp_path / "out")
    theirs = Sample(model, trtllm_config(), sample.ranks)
    assert theirs.lint(tmp_path).findings == ()


def of_another_model(folder: Path, rope: dict[str, Any] | None = None, **changes: Any) -> Sample:
    """A checkpoint of a model whose configuration has keys that this package can't build."""
    sound = save_model(folder / "sound", huggingface_config())
    sample = converted(sound, folder / "out")
    if rope is not None:
        changes["rope_parameters"] = {"rope_theta": 1e6, **rope}
    return Sample(save_model(folder / "model", huggingface_config(**changes)), sample.config, sample.ranks)


YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}


def test_yarn_that_was_dropped_is_an_error(tmp_path: Path) -> None:
    finding = only(of_another_model(tmp_path, YARN).lint(tmp_path))
    assert (finding.check, finding.severity) == ("rotary_scaling_dropped", "error")
    assert finding.expected == "yarn (factor 4, original_max_position_embeddings 128, beta_fast 32, beta_slow 1)"


@pytest.mark.parametrize(
    ("scaling", "checks"),
    [
        ({"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}, []),
        ({"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 128, "beta_fast": 32.0}, []),
        ({"type": "yarn", "factor": 2.0, "original_max_position_embeddings": 128}, ["rotary_scaling_parameter"]),
        ({"type": "yarn", "factor": 4.0}, ["rotary_scaling_parameter"]),
        ({"type": "linear", "factor": 4.0}, ["rotary_scaling_kind"]),
        ({"rope_type": "default"}, ["rotary_scaling_dropped", "rotary_scaling_default"]),
    ],
)
def test_yarn_has_to_arrive_with_its_parameters(scaling: dict[str, Any], checks: list[str], tmp_path: Path) -> None:
    report = of_another_model(tmp_path, YARN).with_keys(rotary_scaling=scaling).lint(tmp_path)
    assert [finding.check for finding in report.findings] == checks


def test_yarn_without_its_length_takes_another_default_on_each_side(tmp_path: Path) -> None:
    sample = of_another_model(tmp_path, YARN).with_keys(rotary_scaling={"type": "yarn", "factor": 4.0})
    finding = only(sample.lint(tmp_path))
    assert (finding.expected, finding.found) == ("128", "4096")


def test_scaling_that_the_model_does_not_have_is_an_error(qwen2: Sample, tmp_path: Path) -> None:
    sample = qwen2.with_keys(rotary_scaling={"type": "linear", "factor": 2.0})
    assert only(sample.lint(tmp_path)).check == "rotary_scaling_added"


def test_a_scaling_kind_that_means_nothing_is_a_warning(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(qwen2.with_keys(rotary_scaling={"rope_type": "default"}).lint(tmp_path))
    assert (finding.check, finding.severity) == ("rotary_scaling_default", "warning")


def checks(report: LintReport) -> list[tuple[str, str]]:
    return [(finding.check, finding.severity) for finding in report.findings]


def test_a_sliding_window_is_not_passed_on(tmp_path: Path) -> None:
    sample = of_another_model(tmp_path, use_sliding_window=True, sliding_window=64, max_window_layers=1)
    assert checks(sample.lint(tmp_path)) == [("sliding_window", "warning")]
    typed = of_another_model(
        tmp_path / "typed", sliding_window=64, layer_types=["full_attention"] * 2 + ["sliding_attention"]
    )
    assert checks(typed.lint(tmp_path)) == [("sliding_window", "warning")]


def test_a_window_that_no_layer_uses_is_no_finding(tmp_path: Path) -> None:
    sample = of_another_model(tmp_path, use_sliding_window=False, sliding_window=64)
    assert checks(sample.lint(tmp_path)) == []


def test_keys_of_transformers_4_are_read(tmp_path: Path) -> None:
    sample = of_another_model(tmp_path, rope_parameters=..., rope_theta=1e6, torch_dtype="bfloat16", dtype=...)
    assert checks(sample.lint(tmp_path)) == []
    config = json.loads((sample.model / "config.json").read_text())
    assert "rope_parameters" not in config


def test_a_key_of_the_model_that_nobody_knows_is_listed(tmp_path: Path) -> None:
    finding = only(of_another_model(tmp_path, logit_scale=2.0).lint(tmp_path))
    assert (finding.check, finding.subject) == ("unread_keys", "config.json of Hugging Face: logit_scale")
