"""Codes of weight-only quantisation: how often each occurs, which no order made for GPU kernels changes.

TensorRT-LLM permutes rows, interleaves columns and adds a bias to int8 and int4 codes before it stores them, by the
GPU that they are made for. The histogram of a tensor stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.quantised.layers import QuantisedLayer, quantised_layers
from qwen_trt_model.lint.quantised.weight_only_scales import levels_of
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import map_stored

__all__ = ["WEIGHT_ONLY_CODES"]

_TOLERATED = 2e-3
"""Share of codes that may be counted elsewhere: weights half-way between two codes, rounded in another dtype."""
_BLOCK = 2**22

Counts = npt.NDArray[np.int64]


def _find(case: LintCase) -> Iterator[LintFinding]:
    levels = levels_of(case)
    for layer in quantised_layers(case) if levels else ():
        stored = layer.pair.stored
        codes = int(np.prod(stored.shape)) * (2 if levels == 8 else 1)
        if stored.dtype != "I8" or codes < layer.outputs * layer.inputs:
            yield _misshaped(layer, levels)
            continue
        share = _wrong(_wanted(layer, levels), _found(layer, levels), padding=codes - layer.outputs * layer.inputs)
        if share > _TOLERATED:
            yield _finding(layer, share)


def _wanted(layer: QuantisedLayer, levels: int) -> Counts:
    """How often each code from -levels to levels - 1 should occur."""
    counts = np.zeros(2 * levels, np.int64)
    scales = layer.largest_by_row() / levels
    for start, block in layer.converted().blocks():
        scale = scales[start : start + len(block), None]
        scaled = np.divide(block.astype(np.float64), scale, out=np.zeros(block.shape), where=scale > 0)
        codes = np.clip(np.floor(np.abs(scaled) + 0.5) * np.sign(scaled), -levels, levels - 1).astype(np.int64)
        counts += np.bincount((codes + levels).ravel(), minlength=2 * levels)
    return counts


def _found(layer: QuantisedLayer, levels: int) -> Counts:
    """How often each stored code occurs, read as signed numbers."""
    stored = map_stored(layer.pair.stored).reshape(-1).view(np.uint8)
    counts = np.zeros(2 * levels, np.int64)
    for start in range(0, stored.size, _BLOCK):
        block = stored[start : start + _BLOCK]
        parts = (block,) if levels == 128 else (block & 0x0F, block >> 4)
        for part in parts:
            counts += np.bincount(part, minlength=2 * levels)
    return np.roll(counts, levels)  # negative codes are stored behind the positive ones


def _wrong(wanted: Counts, found: Counts, *, padding: int) -> float:
    """Share of the codes that occur too often or too rarely, whether or not half the range was added to them."""
    shares = []
    for counts in (found, np.roll(found, len(found) // 2)):
        missing = wanted - counts
        missing[len(found) // 2] += padding  # padding is zero
        shares.append(float(np.abs(missing).sum() / (2 * wanted.sum())))
    return min(shares)


def _misshaped(layer: QuantisedLayer, levels: int) -> LintFinding:
    width = layer.outputs if levels == 128 else layer.outputs // 2
    shape, dtype = list(layer.pair.stored.shape), layer.pair.stored.dtype
    expected, cure = f"int8 [{layer.inputs}, {width}]", "quantise the layer again"
    return LintFinding("codes_shape", "error", layer.subject("weight"), expected, f"{dtype} {shape}", cure)


def _finding(layer: QuantisedLayer, share: float) -> LintFinding:
    expected = "the codes of the Hugging Face weight, in whatever order"
    words = f"others: {share:.1%} of them occur too often or too rarely"
    cure = "quantise the layer again from this model"
    return LintFinding("codes_wrong", "error", layer.subject("weight"), expected, words, cure)


WEIGHT_ONLY_CODES = Rule("weight_only_codes", _find)
