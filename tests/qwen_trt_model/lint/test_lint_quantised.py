"""Quantised checkpoints: sound ones have no finding, and wrong scales are told by what they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from lint_quantisers import awq, fp8, gptq, int8_cache, smooth, weight_only
from lint_samples import Array, Sample, at, only, split

Quantise = Callable[[Sample], Sample]
INT8: Quantise = lambda sample: weight_only(sample, 8)  # noqa: E731
INT4: Quantise = lambda sample: weight_only(sample, 4)  # noqa: E731
SIGNED: Quantise = lambda sample: weight_only(sample, 8, biased=False)  # noqa: E731

DENSE, QKV, FC = "attention.dense", "attention.qkv", "mlp.fc"


def in_groups(quantise: Callable[..., Sample], **options: bool) -> Quantise:
    """Groups of 8, which divide what each of two ranks has."""
    return lambda sample: quantise(sample, group=8, **options)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(
    "quantise",
    [INT8, INT4, SIGNED, in_groups(awq), in_groups(awq, exported=True), in_groups(gptq), fp8],
    ids=["W8A16", "W4A16", "W8A16 signed", "AWQ", "AWQ exported", "GPTQ", "FP8"],
)
def test_a_sound_quantised_checkpoint_is_clean(qwen2: Sample, quantise: Quantise, ranks: int, tmp_path: Path) -> None:
    sample = quantise(split(qwen2, tensor=ranks) if ranks > 1 else qwen2)
    report = sample.lint(tmp_path)
    assert [finding for finding in report.findings if finding.severity != "note"] == []
    assert report.compared == report.tensors - _scales(sample) - ranks * 15


def _scales(sample: Sample) -> int:
    return sum(name.endswith(("scale", "factor", "zero")) for weights in sample.ranks.values() for name in weights)


def test_what_is_not_compared_is_said(qwen2: Sample, tmp_path: Path) -> None:
    (finding,) = gptq(qwen2).lint(tmp_path).findings
    assert (finding.check, finding.severity) == ("codes_unchecked", "note")
    assert INT8(qwen2).lint(tmp_path).findings == ()


def test_weights_that_are_quantised_when_the_engine_is_built_are_compared_as_they_are(
    qwen2: Sample, tmp_path: Path
) -> None:
    later = qwen2.with_keys(quantization={"quant_algo": "W8A16"})
    report = later.lint(tmp_path)
    assert report.findings == ()
    assert report.compared == report.tensors
    swapped = later.with_tensors({at(0, f"{FC}.weight"): later.weights[at(0, "mlp.gate.weight")]})
    assert only(swapped.lint(tmp_path)).check == "gate_up_exchanged"


def scaled(
    sample: Sample, module: str, change: Callable[[Array], Array], *, scale: str = "per_channel_scale"
) -> Sample:
    return sample.changed(at(1, f"{module}.{scale}"), lambda array: change(array).astype(array.dtype))


def exchanged(scales: Array) -> Array:
    q, k, v = np.split(scales, [32, 48])
    return np.concatenate([q, v, k])


@pytest.mark.parametrize(
    ("bits", "module", "change", "check"),
    [
        (8, FC, lambda s: s * (128 / 127), "scale_divisor"),
        (4, FC, lambda s: s * (8 / 7), "scale_divisor"),
        (8, QKV, exchanged, "scales_exchanged"),
        (8, FC, lambda s: 0 * s + s.max(), "scale_per_tensor"),
        (8, FC, lambda s: 0 * s + 1, "scale_one"),
        (8, FC, lambda s: 1 / s.astype(np.float32), "scale_inverse"),
        (8, FC, lambda s: np.roll(s, 3), "scale_wrong"),
        (4, FC, lambda s: 2 * s, "scale_wrong"),
    ],
)
def test_a_wrong_scale_is_told_by_what_it_is(
    qwen2: Sample, bits: int, module: str, change: Callable[[Array], Array], check: str, tmp_path: Path
) -> None:
    finding = only(scaled(weight_only(qwen2, bits), module, change).lint(tmp_path))
    assert (finding.check, finding.severity) == (check, "error")
    assert finding.subject == at(1, f"{module}.per_channel_scale")


def test_scales_along_the_other_axis_of_a_square_matrix(qwen2: Sample, tmp_path: Path) -> None:
    weight = qwen2.weights[at(1, f"{DENSE}.weight")].astype(np.float32)
    finding = only(scaled(INT8(qwen2), DENSE, lambda _: np.abs(weight).max(axis=0) / 128).lint(tmp_path))
    assert (finding.check, finding.found) == ("scale_axis", "the largest weight of each input, the other axis")


def test_scales_along_the_other_axis_are_told_by_their_number(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(scaled(INT8(qwen2), FC, lambda s: s[:32]).lint(tmp_path))
    assert finding.check == "scale_shape"
    assert finding.found == "[32]: one for each input, where each output has one"


@pytest.mark.parametrize("quantise", [INT8, awq, gptq, fp8])
def test_a_missing_scale_is_an_error(qwen2: Sample, quantise: Quantise, tmp_path: Path) -> None:
    sample = quantise(qwen2)
    for name in [name for name in sample.weights if name.startswith(at(0, f"{FC}.")) and not name.endswith("weight")]:
        finding = only(sample.with_tensors({}, without=(name,)).lint(tmp_path))
        assert (finding.check, finding.subject) == ("scale_missing", name)


def test_scales_in_another_dtype_or_not_finite(qwen2: Sample, tmp_path: Path) -> None:
    name = at(1, f"{FC}.per_channel_scale")
    assert only(INT8(qwen2).changed(name, lambda s: s.astype(np.float32)).lint(tmp_path)).check == "scale_dtype"
    broken = INT8(qwen2).changed(name, lambda s: np.where(np.arange(48) == 5, np.float16(np.nan), s))
    assert "scale_value" in {finding.check for finding in broken.lint(tmp_path).findings}


@pytest.mark.parametrize("quantise", [INT8, INT4, fp8])
def test_codes_of_another_layer_are_found_whatever_their_order(
    qwen2: Sample, quantise: Quantise, tmp_path: Path
) -> None:
    sample = quantise(qwen2)
    name = at(2, f"{FC}.weight")
    finding = only(sample.with_tensors({name: sample.weights[at(0, f"{FC}.weight")]}).lint(tmp_path))
    assert (finding.check, finding.subject) == ("codes_wrong", name)


def test_codes_of_another_shape_are_an_error(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(INT8(qwen2).changed(at(0, f"{FC}.weight"), lambda codes: codes[:, :40]).lint(tmp_path))
    assert (finding.check, finding.expected, finding.found) == ("codes_shape", "int8 [32, 48]", "I8 [32, 40]")


@pytest.mark.parametrize("quantise", [awq, gptq])
def test_another_group_size_than_config_json_says(qwen2: Sample, quantise: Quantise, tmp_path: Path) -> None:
    sample = quantise(qwen2)
    wrong = sample.with_keys(quantization={**sample.config["quantization"], "group_size": 8})
    report = wrong.lint(tmp_path)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert {finding.check for finding in errors} == {"scale_shape"}
    assert all(finding.found.endswith(": groups of 16") for finding in errors)


@pytest.mark.parametrize(("quantise", "key"), [(awq, "pre_quant_scale"), (gptq, "has_zero_point")])
def test_keys_that_go_with_the_algorithm(qwen2: Sample, quantise: Quantise, key: str, tmp_path: Path) -> None:
    sample = quantise(qwen2)
    finding = only(sample.with_keys(quantization={**sample.config["quantization"], key: False}).lint(tmp_path))
    assert (finding.check, finding.subject) == ("quantisation_key", f"config.json: quantization.{key}")


@pytest.mark.parametrize("quantise", [awq, gptq])
def test_group_scales_of_another_size_are_an_error(qwen2: Sample, quantise: Quantise, tmp_path: Path) -> None:
    finding = only(scaled(quantise(qwen2), FC, lambda s: 8 * s, scale="weights_scaling_factor").lint(tmp_path))
    assert finding.check == "scale_wrong"


def test_an_fp8_scale_of_another_tensor_is_measured(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(scaled(fp8(qwen2), FC, lambda s: 2 * s, scale="weights_scaling_factor").lint(tmp_path))
    assert finding.check == "scale_wrong"
    assert finding.found.endswith("off by 2")


def test_an_unknown_algorithm_is_said_plainly(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(qwen2.with_keys(quantization={"quant_algo": "NVFP4"}).lint(tmp_path))
    assert (finding.check, finding.severity) == ("quantised_unknown", "warning")


def test_excluded_modules_have_to_be_whole(qwen2: Sample, tmp_path: Path) -> None:
    sample = INT8(qwen2)
    quantization = {**sample.config["quantization"], "exclude_modules": ["*.attention.dense"]}
    report = sample.with_keys(quantization=quantization).lint(tmp_path)
    assert {finding.check for finding in report.findings} == {"stored_dtype"}
    assert "attention.dense.weight" in report.findings[0].subject


CALIBRATED = {0: 0.31, 1: 0.22, 2: 0.27}


@pytest.mark.parametrize(
    ("values", "algorithm", "expected"),
    [
        (CALIBRATED, "INT8", []),
        (CALIBRATED, "FP8", []),
        (dict.fromkeys(range(3), 1.0), "INT8", [("kv_scale_one", "error")]),
        (dict.fromkeys(range(3), 1.0), "FP8", [("kv_scale_one", "warning")]),
        (dict.fromkeys(range(3), 0.25), "INT8", [("kv_scale_equal", "warning")]),
        ({0: 0.31, 1: -0.22, 2: 0.27}, "INT8", [("kv_scale_value", "error")]),
        ({0: 0.31, 2: 0.27}, "INT8", [("kv_scale_missing", "error")]),
    ],
)
def test_scales_of_the_cache(
    qwen2: Sample, values: dict[int, float], algorithm: str, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    report = int8_cache(qwen2, values, algorithm=algorithm).lint(tmp_path)
    assert [(finding.check, finding.severity) for finding in report.findings] == expected


def test_scales_under_their_old_name_are_not_read(qwen2: Sample, tmp_path: Path) -> None:
    old = {at(1, "attention.kv_quant_orig_scale"): np.array([0.2], np.float32)}
    sample = int8_cache(qwen2, CALIBRATED).with_tensors(old, without=(at(1, "attention.kv_cache_scaling_factor"),))
    finding = only(sample.lint(tmp_path))
    assert finding.found == "attention.kv_quant_orig_scale, which releases since 0.8 don't read"


def test_scales_without_an_algorithm_are_extra(qwen2: Sample, tmp_path: Path) -> None:
    sample = int8_cache(qwen2, CALIBRATED).with_keys(quantization={"quant_algo": None})
    assert {finding.check for finding in sample.lint(tmp_path).findings} == {"extra"}


def folded(sample: Sample) -> Sample:
    """AWQ's factors of qkv, fc and gate folded into the norms in front of them, as ModelOpt exports it."""
    factors = np.random.default_rng(3).uniform(0.5, 2, 32)
    norms = [name for name in sample.weights if "input_layernorm" in name or "post_layernorm" in name]
    changes = {name: (sample.weights[name] * factors).astype(np.float16) for name in norms}
    beside = tuple(name for name in sample.weights if name.endswith("prequant_scaling_factor"))
    gone = tuple(name for name in beside if any(f"{module}." in name for module in (QKV, FC, "mlp.gate")))
    return sample.with_tensors(changes, without=gone)


def test_factors_that_were_folded_into_norms_are_no_error(qwen2: Sample, tmp_path: Path) -> None:
    report = folded(awq(qwen2)).lint(tmp_path)
    assert [(finding.check, finding.severity) for finding in report.findings] == [
        ("norm_smoothed", "note"),
        ("norm_smoothed", "note"),
        ("codes_unchecked", "note"),
    ]
    plain = folded(qwen2).lint(tmp_path)
    assert {finding.check for finding in plain.findings} == {"different"}


def test_smoothquant_needs_a_smoother_where_no_norm_stands_in_front(qwen2: Sample, tmp_path: Path) -> None:
    sample = smooth(qwen2)
    (note,) = sample.lint(tmp_path).findings
    assert (note.check, note.severity) == ("codes_unchecked", "note")
    name = at(2, "mlp.proj.smoother")
    finding = only(sample.with_tensors({}, without=(name,)).lint(tmp_path))
    assert (finding.check, finding.subject) == ("scale_missing", name)


def test_factors_that_are_nowhere_are_missing(qwen2: Sample, tmp_path: Path) -> None:
    sample = awq(qwen2)
    name = at(0, f"{QKV}.prequant_scaling_factor")
    assert only(sample.with_tensors({}, without=(name,)).lint(tmp_path)).check == "scale_missing"


def test_norms_that_a_smoothing_algorithm_exchanged_are_still_exchanged(qwen2: Sample, tmp_path: Path) -> None:
    sample = awq(qwen2)
    names = at(0, "input_layernorm.weight"), at(0, "post_layernorm.weight")
    exchanged_norms = dict(zip(names, (sample.weights[name] for name in names[::-1]), strict=True))
    report = sample.with_tensors(exchanged_norms).lint(tmp_path)
    assert [finding.check for finding in report.findings if finding.severity == "error"] == ["norms_exchanged"] * 2
