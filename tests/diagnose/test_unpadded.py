"""Faults that read what padding held, which no capture shows."""

from __future__ import annotations

import numpy as np
from attention_faults import attending, softmax
from numpy_decoder import make_case, make_reference
from planting import number_in, qwen2

from parity.diagnose import HYPOTHESES, explain
from parity.diagnose.unpadded import without_padded_prompts
from parity.replay.arrays import Floats
from parity.replay.replay import Reference

CONTEXT = "layers.1.attn_ctx"
UNEVEN = make_reference(lengths=(60, 25))


def leaking_into_unknown_padding(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    """The mask takes 6 off masked scores, at padding too, where keys and values are anything."""
    rng, padding = np.random.default_rng(3), ~reference.tokens.mask[:, :, None, None]
    q, k, v = inputs
    k, v = (np.where(padding, rng.standard_normal(x.shape), x) for x in (k, v))
    return attending(weights=lambda scores, seen: softmax(scores - 6.0 * ~seen, np.ones_like(seen)))(
        reference, (q, k, v)
    )


def test_a_leak_is_named_by_the_prompts_that_have_no_padding() -> None:
    cause = explain(make_case(UNEVEN, CONTEXT, leaking_into_unknown_padding), HYPOTHESES)[0]
    assert cause.hypothesis == "mask_value"
    assert "in prompts without padding" in cause.sentence
    assert number_in(r"lowers scores by (\S+) only", cause.sentence) == 6


def test_the_prompts_that_stay_are_the_whole_ones() -> None:
    case = make_case(UNEVEN, CONTEXT, leaking_into_unknown_padding)
    kept = without_padded_prompts(case)
    assert kept is not None
    assert kept.reference.tokens.lengths == (60,)
    assert kept.floor is not None
    assert kept.floor.error.shape == (60,)
    np.testing.assert_array_equal(kept.candidate["layers.1.q"], case.candidate["layers.1.q"][:1])


def test_nothing_is_left_out_where_no_prompt_or_every_prompt_is_padded() -> None:
    even = make_case(make_reference(lengths=(30, 30)), CONTEXT, leaking_into_unknown_padding)
    assert without_padded_prompts(even) is None
    assert without_padded_prompts(make_case(qwen2(), CONTEXT, leaking_into_unknown_padding)) is not None
