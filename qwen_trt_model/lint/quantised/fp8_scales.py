"""FP8: one scale for each tensor, its largest weight ÷ 448, and codes that give the weights back."""

from __future__ import annotations

from collections.abc import Iterator

import ml_dtypes
import numpy as np

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.quantised.layers import QuantisedLayer, quantised_layers
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import map_stored

__all__ = ["FP8_SCALES"]

_LARGEST = 448.0
_TOLERATED = 0.05
"""rel-L2 of weights in e4m3 from the exact ones: 0.027 for normally distributed ones."""
_SCALE = "weights_scaling_factor"


def _find(case: LintCase) -> Iterator[LintFinding]:
    if case.files.section("quantization").get("quant_algo") != "FP8":
        return
    for layer in quantised_layers(case):
        scale = layer.values(_SCALE)
        if scale is not None and scale.size == 1 and layer.pair.stored.shape == layer.pair.expected.shape:
            yield from _check(layer, float(scale.reshape(-1)[0]))


def _check(layer: QuantisedLayer, scale: float) -> Iterator[LintFinding]:
    error, factor = _distance(layer, scale)
    if error <= _TOLERATED:
        return
    subject, expected = (
        layer.subject(_SCALE),
        f"{layer.largest_by_row().max() / _LARGEST:.4g}, the largest weight / 448",
    )
    if abs(factor) > 0:
        again, _ = _distance(layer, scale * factor)
        if again <= _TOLERATED:
            cure = "store the scale that the codes were made with"
            yield LintFinding("scale_wrong", "error", subject, expected, f"{scale:.4g}: off by {1 / factor:.3g}", cure)
            return
    found = f"others: codes times scale are off by rel-L2 {error:.3g}"
    expected, cure = "the codes of the Hugging Face weight", "quantise the layer again from this model"
    yield LintFinding("codes_wrong", "error", layer.subject("weight"), expected, found, cure)


def _distance(layer: QuantisedLayer, scale: float) -> tuple[float, float]:
    """rel-L2 of codes times scale from the weights, and the factor that would bring it closest to them."""
    codes = map_stored(layer.pair.stored).view(ml_dtypes.float8_e4m3fn)
    error = truth = product = square = 0.0
    for start, block in layer.converted().blocks():
        found = codes[start : start + len(block)].astype(np.float32) * np.float32(scale)
        wide, exact = found.astype(np.float64), block.astype(np.float64)
        error += float(np.square(wide - exact).sum())
        truth += float(np.square(exact).sum())
        product += float((wide * exact).sum())
        square += float(np.square(wide).sum())
    return (error / truth) ** 0.5 if truth else 0.0, product / square if square else 0.0


FP8_SCALES = Rule("fp8_scales", _find)
