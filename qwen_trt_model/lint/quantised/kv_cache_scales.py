"""Scales of a quantised cache: there, measured, and not 1.0, which is what stands where nobody calibrated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qwen_trt_model.lint.case import LintCase, named
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.ranks import Rank, ranks_of
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import map_stored, stored_dtype

__all__ = ["KV_CACHE_SCALES"]

_NAME = "attention.kv_cache_scaling_factor"
_OLD = ("attention.kv_orig_quant_scale", "attention.kv_quant_orig_scale")
_CALIBRATE = "quantise again with a calibration set: quantize.py --kv_cache_dtype …, or --int8_kv_cache"


def _find(case: LintCase) -> Iterator[LintFinding]:
    algorithm = case.files.section("quantization").get("kv_cache_quant_algo")
    if algorithm not in ("INT8", "FP8"):
        return
    found: dict[str, float] = {}
    for rank in ranks_of(case.parallelism, case.source.network.num_hidden_layers):
        for place in range(len(rank.layers)) if rank.index in case.files.ranks else ():
            yield from _check(case, rank, place, str(algorithm), found)
    if len(found) > 1 and len(set(found.values())) == 1 and 1.0 not in found.values():
        value = next(iter(found.values()))
        words = f"{value:.6g} in all {len(found)} layers"
        yield LintFinding("kv_scale_equal", "warning", _NAME, "a scale measured in each layer", words, _CALIBRATE)


def _check(case: LintCase, rank: Rank, place: int, algorithm: str, found: dict[str, float]) -> Iterator[LintFinding]:
    stored, prefix = case.files.ranks[rank.index], f"transformer.layers.{place}."
    subject = named(rank.index, prefix + _NAME, several=len(case.files.ranks) > 1)
    separate = [f"{prefix}attention.{which}_cache_scaling_factor" for which in "kv"]
    tensors = [stored[name] for name in (prefix + _NAME, *separate) if name in stored]
    if not tensors:
        old = next((name for name in _OLD if prefix + name in stored), "")
        words = f"{old}, which releases since 0.8 don't read" if old else "nothing, so that 1.0 is taken"
        yield LintFinding("kv_scale_missing", "error", subject, "one number, [1]", words, _CALIBRATE)
        return
    for tensor in tensors:
        values = map_stored(tensor).astype(np.float64).reshape(-1) if stored_dtype(tensor) else np.zeros(0)
        if values.size != 1 or not np.isfinite(values).all() or values[0] <= 0:
            words = f"{tensor.dtype} {list(tensor.shape)}, or no positive number"
            yield LintFinding("kv_scale_value", "error", subject, "one positive number, [1]", words, _CALIBRATE)
            continue
        found[subject] = float(values[0])
        if values[0] == 1.0:
            yield _one(subject, algorithm)


def _one(subject: str, algorithm: str) -> LintFinding:
    """A scale of 1 rounds an int8 cache to whole numbers; an fp8 cache loses what is beyond 448 alone."""
    severity = "error" if algorithm == "INT8" else "warning"
    effect = "keys and values are rounded to whole numbers" if algorithm == "INT8" else "keys beyond 448 are cut off"
    expected = "the largest |q, k, v| of a calibration / 127" if algorithm == "INT8" else "a calibrated scale"
    return LintFinding("kv_scale_one", severity, subject, expected, f"1.0: {effect}", _CALIBRATE)


KV_CACHE_SCALES = Rule("kv_cache_scales", _find)
