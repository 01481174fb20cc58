"""Planting RoPE on neighbouring channels, and channels moved between both layouts."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import Fault
from planting import DTYPES, cause_of, qwen3
from rotary_faults import base, interleaved, interleaved_with, turned

from parity.replay import Reference
from parity.replay.arrays import Floats


def taken_apart_first(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    (x,) = inputs
    return turned()(reference, (np.concatenate([x[..., ::2], x[..., 1::2]], axis=-1),))


def put_together_last(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    rotated = turned()(reference, inputs)
    output, half = np.empty_like(rotated), rotated.shape[-1] // 2
    output[..., ::2], output[..., 1::2] = rotated[..., :half], rotated[..., half:]
    return output


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (interleaved, "rotates neighbouring channels"),
        (taken_apart_first, "taken for the first half"),
        (put_together_last, "puts out its pairs as neighbouring channels"),
    ],
)
def test_it_is_named(fault: Fault, words: str, dtype: str) -> None:
    cause = cause_of("layers.1.k_rope", fault, dtype=dtype, reference=qwen3())
    assert cause.hypothesis == "rotary_interleaved"
    assert words in cause.sentence


def test_another_base_on_neighbouring_channels_is_solved() -> None:
    cause = cause_of("layers.1.q_rope", interleaved_with(base(1e4)), reference=qwen3())
    assert cause.hypothesis == "rotary_base"
    assert "RoPE base 10000 " in cause.sentence
    assert cause.sentence.endswith("on interleaved pairs of channels")
