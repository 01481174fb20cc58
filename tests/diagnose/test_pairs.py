"""Two faults in one operation of attention."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from attention_faults import Parts, attending, distances
from numpy_decoder import Fault, make_case, make_reference
from planting import number_in

from parity.diagnose import HYPOTHESES, Cause, explain
from parity.diagnose.hypotheses.softmax_axis import SOFTMAX_AXIS

CONTEXT = "layers.1.attn_ctx"
LONG = make_reference(lengths=(90, 60))


def within(window: int) -> object:
    return lambda parts: parts.seen & (distances(parts) < window)


PAIRS: dict[str, Fault] = {
    "attention_scale+sliding_window": attending(scores=lambda parts: 1.3 * parts.scores, seen=within(24)),  # type: ignore[arg-type]
    "causal_mask_shifted+score_cap": attending(
        scores=lambda parts: 2 * np.tanh(parts.scores / 2),
        seen=lambda parts: parts.real[:, None, None] & (distances(parts) >= -1),
    ),
    "attention_scale+attention_chunked": attending(
        scores=lambda parts: 0.5 * parts.scores,
        seen=lambda parts: parts.seen & (np.arange(90)[:, None] // 32 == np.arange(90) // 32),
    ),
    "score_bias+sliding_window": attending(
        scores=lambda parts: parts.scores - 0.05 * distances(parts),
        seen=within(40),  # type: ignore[arg-type]
    ),
}


def explained(fault: Fault, dtype: str = "float32") -> tuple[Cause, ...]:
    return explain(make_case(LONG, CONTEXT, fault, dtype=dtype), HYPOTHESES)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("names", PAIRS)
def test_both_are_named(names: str, dtype: str) -> None:
    causes = explained(PAIRS[names], dtype)
    assert causes, names
    assert set(causes[0].hypothesis.split("+")) == set(names.split("+")), causes
    assert causes[0].noise_ratio is not None
    assert causes[0].noise_ratio < 2


def test_both_are_solved_for() -> None:
    cause = explained(PAIRS["attention_scale+sliding_window"])[0]
    assert cause.sentence.startswith("two faults: ")
    assert number_in(r"scaled by (\S+) times", cause.sentence) == pytest.approx(1.3, rel=1e-3)
    assert number_in(r"window of (\d+) tokens", cause.sentence) == 24


def test_one_fault_is_not_split_in_two() -> None:
    assert "+" not in explained(attending(scores=lambda parts: 1.3 * parts.scores))[0].hypothesis


def test_two_faults_do_not_explain_noise_of_another_kind() -> None:
    rng = np.random.default_rng(0)

    def noisy(parts: Parts) -> np.ndarray:
        return parts.scores + 0.2 * rng.standard_normal(parts.scores.shape)

    assert all("+" not in cause.hypothesis for cause in explained(attending(scores=noisy)))


def test_a_softmax_over_another_axis_is_looked_for_on_top_of_every_first_fault() -> None:
    case = make_case(LONG, CONTEXT, attending(scores=lambda parts: 1.3 * parts.scores))
    lenient = replace(case, most_left=np.inf)
    granted = [
        prediction.assumed(case)
        for hypothesis in HYPOTHESES
        if "attention" in hypothesis.ops and not hypothesis.about_non_finite
        for prediction in hypothesis.predict(lenient)
        if prediction.assumed is not None
    ]
    assert len(granted) > 10
    for other in granted:
        list(SOFTMAX_AXIS.predict(other))
