"""LayerNorm, or parts of it, in place of RMSNorm."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, mean_square, norm_weight

from parity.replay.arrays import Floats
from parity.replay.replay import Reference

POST = "layers.1.post_norm"
EPSILON = 1e-6


def centred(x: Floats) -> Floats:
    result: Floats = x - x.mean(axis=-1, keepdims=True)
    return result


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("normalise", "sentence"),
    [
        (lambda x: centred(x) / np.sqrt(mean_square(centred(x)) + EPSILON), "the mean is subtracted: LayerNorm"),
        (lambda x: centred(x) / np.sqrt(mean_square(x) + EPSILON), "the mean is subtracted after normalising"),
        (lambda x: x / np.sqrt(mean_square(centred(x)) + EPSILON), "divided by the standard deviation"),
    ],
)
def test_each_part_is_told(normalise, sentence: str, dtype: str) -> None:  # type: ignore[no-untyped-def]
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return normalise(inputs[0]) * norm_weight(reference, POST)  # type: ignore[no-any-return]

    cause = cause_of(POST, fault, dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("norm_mean_subtracted", sentence)


def test_the_unbiased_variance_is_told_in_fp32() -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        x = centred(inputs[0])
        return x / np.sqrt(mean_square(x) * 64 / 63 + EPSILON) * norm_weight(reference, POST)  # type: ignore[no-any-return]

    assert "n - 1" in cause_of(POST, fault).sentence
