"""Scales of weight-only quantisation: the largest weight of each output ÷ 128 (int8) or ÷ 8 (int4).

TensorRT-LLM takes 2^(bits - 1), so that the largest weight itself is clipped by one step
(`symmetric_quantize_last_axis_of_batched_matrix`, cutlass_preprocessors.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.quantised.layers import QuantisedLayer, quantised_layers
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import map_stored
from qwen_trt_model.lint.values import rounding_error

__all__ = ["WEIGHT_ONLY_SCALES", "levels_of"]

_LEVELS = {"W8A16": 128, "W4A16": 8}
_NAME = "per_channel_scale"

Floats = npt.NDArray[np.float64]


def levels_of(case: LintCase) -> int:
    """128 for int8, 8 for int4, 0 for other algorithms."""
    return _LEVELS.get(str(case.files.section("quantization").get("quant_algo")), 0)


def _find(case: LintCase) -> Iterator[LintFinding]:
    levels = levels_of(case)
    for layer in quantised_layers(case) if levels else ():
        stored = layer.stored(_NAME)
        if stored is None or len(stored.shape) != 1 or stored.shape[0] < layer.outputs:
            continue
        found = map_stored(stored)[: layer.outputs]
        wanted = layer.largest_by_row() / levels
        if not _alike(found.astype(np.float64), wanted, found.dtype):
            yield _finding(layer, found, wanted, levels)


def _alike(found: Floats, wanted: Floats, dtype: np.dtype[Any]) -> bool:
    """Equal to within two roundings."""
    return bool((np.abs(found - wanted) <= 2 * rounding_error(wanted, dtype)).all())


def _finding(layer: QuantisedLayer, stored: npt.NDArray[np.generic], wanted: Floats, levels: int) -> LintFinding:
    found, dtype = stored.astype(np.float64), np.dtype(stored.dtype)
    expected = f"the largest weight of each output / {levels}"
    subject, cure = layer.subject(_NAME), "quantise the layer again, with its own scales"
    for check, words, other in _others(layer, wanted, levels):
        if other.shape == found.shape and _alike(found, other, dtype):
            return LintFinding(check, "error", subject, expected, words, cure)
    ratio = float(np.median(found / np.where(wanted > 0, wanted, np.nan)))
    wrong = int((np.abs(found - wanted) > 2 * rounding_error(wanted, dtype)).sum())
    words = f"{wrong} of {found.size} that differ, {ratio:.4g} times the right ones in the median"
    return LintFinding("scale_wrong", "error", subject, expected, words, cure)


def _others(layer: QuantisedLayer, wanted: Floats, levels: int) -> Iterator[tuple[str, str, Floats]]:
    """Scales that ports have had in their place."""
    largest = wanted * levels
    divisor = f"the largest weight of each output / {levels - 1}"
    yield "scale_divisor", divisor, largest / (levels - 1)
    if layer.inputs == layer.outputs:
        yield "scale_axis", "the largest weight of each input, the other axis", layer.largest_by_column() / levels
    yield "scale_per_tensor", "one scale for the whole tensor", np.full_like(wanted, wanted.max())
    yield "scale_one", "1 everywhere", np.ones_like(wanted)
    yield "scale_inverse", "the inverse of the scale", 1 / np.where(wanted > 0, wanted, np.inf)
    sizes = [len(piece.rows) for piece in layer.pair.expected.pieces]
    if len(sizes) == 3:
        q, k, v = np.split(wanted, np.cumsum(sizes)[:-1])
        yield "scales_exchanged", "the scales of k and v exchanged", np.concatenate([q, v, k])


WEIGHT_ONLY_SCALES = Rule("weight_only_scales", _find)
