"""Quantised weights whose scale is not applied, or applied twice: integers, or their scales squared."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output, stored_weight
from parity.replay.arrays import Floats

__all__ = ["QUANTISATION_SCALE"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    excerpt = linear_excerpt(case)
    for bits in (8, 4):
        for divisor in (2 ** (bits - 1) - 1, 2 ** (bits - 1)):
            for words, power in (("not applied", 0), ("applied twice", 2)):
                if excerpt.is_promising(excerpt.linear(_scaled_codes(excerpt.weight, bits, divisor, power))):
                    output = linear_output(case, weight=_scaled_codes(stored_weight(case), bits, divisor, power))
                    sentence = f"the int{bits} weights' scale (largest value / {divisor}) is {words}"
                    yield Prediction(sentence, output, fitted=1)


def _scaled_codes(rows: Floats, bits: int, divisor: int, power: int) -> Floats:
    """Integer codes of `rows` times so many of their scales."""
    largest = np.abs(rows).max(axis=1, keepdims=True)  # [row, 1]
    scale = np.where(largest > 0, largest / divisor, 1.0)
    codes = np.clip(np.rint(rows / scale), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    result: Floats = codes * scale**power
    return result


QUANTISATION_SCALE = Hypothesis("quantisation_scale", ("linear",), _predict, rank=3)
