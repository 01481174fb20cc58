"""Steps of a norm in 16 bits."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from numpy_decoder import Fault
from planting import cause_of, mean_square, norm_weight

from parity.replay.arrays import Floats
from parity.replay.replay import Reference

POST = "layers.1.post_norm"


def bf16(x: Floats) -> Floats:
    return x.astype(ml_dtypes.bfloat16).astype(np.float64)


def norm(steps: str) -> Fault:
    """A norm with bf16 in its steps: i(nput), m(ean square), r(oot), n(ormalised), w(eight)."""

    def at(step: str):  # type: ignore[no-untyped-def]
        return bf16 if step in steps else lambda values: values

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        x = at("i")(inputs[0])
        gain = at("r")(1 / np.sqrt(at("m")(mean_square(x)) + 1e-6))
        return at("n")(x * gain) * at("w")(norm_weight(reference, POST))  # type: ignore[no-any-return]

    return fault


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("i", "the input is"),
        ("m", "the mean square is"),
        ("r", "the inverse root is"),
        ("n", "the normalised value is"),
        ("w", "the weight is"),
        ("mr", "the mean square and the inverse root is"),
    ],
)
def test_the_step_is_named(steps: str, words: str, dtype: str) -> None:
    cause = cause_of(POST, norm(steps), dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("norm_rounded", f"{words} computed in bf16")


def test_squares_that_overflow_fp16_make_zeros() -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        with np.errstate(over="ignore", divide="ignore"):
            squares = (inputs[0] ** 2).astype(np.float16).astype(np.float64)
        return inputs[0] / np.sqrt(squares.mean(axis=-1, keepdims=True) + 1e-6) * norm_weight(reference, POST)  # type: ignore[no-any-return]

    def alternating(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        stream = inputs[0] + inputs[1]
        return stream * np.where(np.arange(stream.shape[1]) % 2 == 0, 300, 1)[:, None]  # type: ignore[no-any-return]

    large = {"layers.1.resid_mid": alternating}
    cause = cause_of(POST, fault, everywhere=large)
    assert "squares" in cause.sentence
    assert "fp16" in cause.sentence
