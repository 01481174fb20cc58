"""Planting attention across prompts."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import attending, softmax, summed
from numpy_decoder import Fault, make_reference
from planting import DTYPES, cause_of

from parity.replay import Reference
from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


def packed(*, causal: bool) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        mask = reference.tokens.mask
        q, k, v = (np.repeat(x, 4 // x.shape[2], axis=2)[mask][None] for x in inputs)
        scores = reference.weights.settings.attention_scale * np.einsum("bihd,bjhd->bhij", q, k)
        token = np.arange(scores.shape[-1])
        seen = np.broadcast_to((token[:, None] >= token) | (not causal), scores.shape)
        output = np.zeros_like(inputs[0])
        output[mask] = summed(softmax(scores, seen), v)[0]
        return output

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("causal", "words"), [(True, "all prompts before its own"), (False, "all prompts of the batch")]
)
def test_packed_prompts_are_named(causal: bool, words: str, dtype: str) -> None:
    cause = cause_of(CONTEXT, packed(causal=causal), dtype=dtype)
    assert cause.hypothesis == "prompts_mixed"
    assert words in cause.sentence


def test_keys_and_values_of_another_prompt_are_named() -> None:
    reference = make_reference(lengths=(30, 30, 30))

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        q, k, v = inputs
        return attending()(reference, (q, k[[1, 0, 2]], v[[1, 0, 2]]))

    cause = cause_of(CONTEXT, fault, reference=reference)
    assert cause.hypothesis == "prompts_mixed"
    assert "prompt 0 attends to prompt 1, prompt 1 attends to prompt 0" in cause.sentence


@pytest.mark.parametrize("part", ["keys", "values"])
def test_keys_or_values_alone_of_another_prompt_are_named(part: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        q, k, v = inputs
        others = [0, 0, 2]
        return attending()(reference, (q, k[others] if part == "keys" else k, v[others] if part == "values" else v))

    cause = cause_of(CONTEXT, fault, reference=make_reference(lengths=(30, 30, 30)))
    assert cause.hypothesis == "prompts_mixed"
    assert f"prompt 1 has the {part} of prompt 0" in cause.sentence
