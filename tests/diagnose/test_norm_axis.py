"""Mean squares over the wrong elements."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, mean_square, norm_weight, qwen3

from parity.replay.arrays import Floats
from parity.replay.replay import Reference


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("axes", "words"), [((2, 3), "all heads together"), ((2,), "the heads, channel by channel")])
@pytest.mark.parametrize("tap", ["layers.1.q_norm", "layers.0.k_norm"])
def test_heads_that_are_not_normalised_each_by_itself(tap: str, axes: tuple[int, ...], words: str, dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        square = (inputs[0] ** 2).mean(axis=axes, keepdims=True)
        output: Floats = inputs[0] / np.sqrt(square + 1e-6) * norm_weight(reference, tap)
        return output

    cause = cause_of(tap, fault, dtype=dtype, reference=qwen3())
    assert cause.hypothesis == "norm_axis"
    assert words in cause.sentence


@pytest.mark.parametrize("parts", [2, 4])
def test_ranks_that_each_normalise_their_share(parts: int) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        grouped = inputs[0].reshape(*inputs[0].shape[:2], parts, -1)
        output = grouped / np.sqrt(mean_square(grouped) + 1e-6)
        return output.reshape(inputs[0].shape) * norm_weight(reference, "layers.1.post_norm")

    cause = cause_of("layers.1.post_norm", fault)
    assert cause.hypothesis == "norm_axis"
    assert f"each of {parts} parts of the channels" in cause.sentence


def test_a_mean_over_tokens() -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        mask = reference.tokens.mask[..., None]
        square = (inputs[0] ** 2 * mask).sum(axis=1, keepdims=True) / mask.sum(axis=1, keepdims=True)
        output: Floats = inputs[0] / np.sqrt(square + 1e-6) * norm_weight(reference, "final_norm")
        return output

    assert "the tokens of the prompt" in cause_of("final_norm", fault).sentence
