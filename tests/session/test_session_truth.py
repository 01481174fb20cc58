"""The reference has to be finer than what it judges."""

from __future__ import annotations

import pytest

from parity.errors import ParityError
from parity.session.truth import SMALL_MODEL, choose_truth
from parity.taps import DecoderShape, TapGraph, count_parameters, decoder_taps

SMALL = decoder_taps(DecoderShape(2, 16, 4, 2, 4, 24, 100))
QWEN_0_5B = decoder_taps(DecoderShape(24, 896, 14, 2, 64, 4864, 151_936))


@pytest.mark.parametrize(
    ("graph", "candidate", "truth"),
    [
        (SMALL, "float16", "fp64"),
        (SMALL, "float32", "fp64"),
        (SMALL, None, "fp64"),
        (QWEN_0_5B, "float16", "fp32"),
        (QWEN_0_5B, "bfloat16", "fp32"),
        (QWEN_0_5B, "float32", "fp64"),
        (QWEN_0_5B, None, "fp32"),
    ],
)
def test_auto_is_as_fine_as_needed_and_affordable(graph: TapGraph, candidate: str | None, truth: str) -> None:
    assert choose_truth("auto", candidate_dtype=candidate, graph=graph) == truth


@pytest.mark.parametrize("candidate", ["float32", "fp32", "float64"])
def test_fp32_can_not_judge_fp32(candidate: str) -> None:
    with pytest.raises(ParityError, match="noise floor") as caught:
        choose_truth("fp32", candidate_dtype=candidate, graph=SMALL)
    assert "--truth fp64" in caught.value.cure


@pytest.mark.parametrize("candidate", ["float16", "bfloat16", None])
def test_what_is_asked_for_is_taken(candidate: str | None) -> None:
    assert choose_truth("fp32", candidate_dtype=candidate, graph=SMALL) == "fp32"
    assert choose_truth("fp64", candidate_dtype=candidate, graph=QWEN_0_5B) == "fp64"


def test_parameters_are_counted_from_the_taps() -> None:
    by_hand = 2 * (16 * 16 + 2 * 16 * 8 + 16 * 16 + 3 * 16 * 24) + 2 * 100 * 16
    assert count_parameters(SMALL) == by_hand
    # Published: 494 million, of which 136 million are the embedding that its head shares.
    assert count_parameters(QWEN_0_5B) == pytest.approx(494e6 + 136e6, rel=0.01)
    assert count_parameters(QWEN_0_5B) > SMALL_MODEL
