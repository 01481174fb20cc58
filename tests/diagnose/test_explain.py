"""Ranking causes: noise is never explained, simple beats general, and a wide tap takes less than a second."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy_decoder import graph_of, make_case, make_reference
from planting import DTYPES, changed_output, put_out, qwen2, qwen3, with_massive_activations

from parity.diagnose import HYPOTHESES, Hypothesis, Prediction, SourceCase, explain
from parity.replay.replay import Reference
from parity.taps import DecoderShape, select_taps

DOWN = "layers.1.mlp_out"


def predicting(name: str, change: float, *, fitted: int = 0, rank: int = 10) -> Hypothesis:
    """A hypothesis that the output is `change` times what it should be."""

    def predict(case: SourceCase) -> Iterable[Prediction]:
        yield Prediction(name, change * case.predicted, fitted)

    return Hypothesis(name, ("linear",), predict, rank=rank)


def doubled(dtype: str = "float32") -> SourceCase:
    return make_case(qwen2(), DOWN, changed_output(DOWN, lambda y: 2 * y), dtype=dtype)


def names(case: SourceCase, *hypotheses: Hypothesis) -> list[str]:
    return [cause.hypothesis for cause in explain(case, hypotheses)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reference", [qwen2, qwen3, with_massive_activations], ids=["qwen2", "qwen3", "outliers"])
def test_noise_is_never_explained(reference, dtype: str) -> None:  # type: ignore[no-untyped-def]
    for tap in select_taps(graph_of(reference()), "all"):
        assert explain(put_out(tap.name, lambda y: y, dtype=dtype, reference=reference()), HYPOTHESES) == (), tap.name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tap", ["embed", "layers.1.q", "layers.1.post_norm", "layers.1.act", "layers.1.resid_mid"])
def test_random_errors_have_no_cause(tap: str, dtype: str) -> None:
    rng = np.random.default_rng(1234)
    fault = changed_output(tap, lambda y: y + 0.3 * np.abs(y).mean() * rng.standard_normal(y.shape))
    assert explain(make_case(qwen2(), tap, fault, dtype=dtype), HYPOTHESES) == ()


@pytest.mark.parametrize("tap", ["embed", "layers.1.q", "layers.1.post_norm", "layers.1.act", "layers.1.resid_mid"])
def test_an_unrelated_output_has_no_cause(tap: str) -> None:
    rng = np.random.default_rng(1234)
    fault = changed_output(tap, lambda y: np.abs(y).mean() * rng.standard_normal(y.shape))
    assert explain(make_case(qwen2(), tap, fault), HYPOTHESES) == ()


def test_fewer_fitted_numbers_stand_first_then_the_more_specific_hypothesis() -> None:
    few, many = predicting("few", 2, fitted=1), predicting("many", 2, fitted=5, rank=1)
    assert names(doubled(), many, few) == ["few", "many"]
    specific, vague = predicting("specific", 2, rank=1), predicting("vague", 2, rank=20)
    assert names(doubled(), vague, specific) == ["specific", "vague"]


def test_what_explains_all_stands_before_what_explains_most() -> None:
    most, everything = predicting("most", 1.9, rank=1), predicting("everything", 2, fitted=3, rank=20)
    assert names(doubled(), most, everything) == ["everything", "most"]


def test_of_two_that_leave_noise_the_one_that_leaves_clearly_more_comes_second() -> None:
    near = predicting("near", 2 * (1 + 4e-4), rank=1)
    assert names(doubled("float16"), near, predicting("exact", 2, fitted=2, rank=20)) == ["exact", "near"]


def test_a_description_that_fits_noise_does_not_outdo_a_cause() -> None:
    fitting = Hypothesis("fitting", ("linear",), lambda case: [Prediction("", case.output, 100)], rank=60)
    assert names(doubled(), fitting, predicting("cause", 2)) == ["cause", "fitting"]


def test_a_cause_that_fits_a_third_of_the_values_explains_nothing() -> None:
    assert names(doubled(), predicting("all", 2, fitted=68 * 64 // 2)) == []


def test_a_hypothesis_is_listed_once_with_its_best_prediction() -> None:
    both = Hypothesis("both", ("linear",), lambda case: [Prediction(str(f), f * case.predicted) for f in (1.8, 2.0)])
    (cause,) = explain(doubled(), [both])
    assert cause.sentence == "2.0"


def test_an_output_eight_times_as_large_may_be_rounded_eight_times_as_coarsely() -> None:
    case = make_case(qwen2(), DOWN, changed_output(DOWN, lambda y: 8 * y), dtype="float16")
    (cause,) = explain(case, [predicting("eight", 8)])
    assert cause.noise_ratio is not None
    assert cause.noise_ratio < 1.5


def test_without_a_floor_run_one_rounding_counts_as_noise() -> None:
    case = replace(doubled("float16"), floor=None)
    exact, near = predicting("exact", 2, fitted=1), predicting("near", 2.01)
    assert names(case, near, exact) == ["exact", "near"]
    assert explain(case, [exact])[0].noise_ratio is None


def test_only_taps_of_its_operations_are_shown_to_a_hypothesis() -> None:
    def refuse(case: SourceCase) -> Iterable[Prediction]:
        raise AssertionError(case.tap.op)

    assert explain(doubled(), [Hypothesis("norm", ("rms_norm",), refuse)]) == ()


def test_a_hypothesis_without_promise_is_not_tried_on_all_tokens() -> None:
    seen = []

    def predict(case: SourceCase) -> Iterable[Prediction]:
        seen.append(int(case.reference.tokens.mask.sum()))
        yield Prediction("", np.zeros_like(case.output) if len(seen) < 3 else 2 * case.predicted)

    reference = make_reference(lengths=(80, 60))
    case = make_case(reference, DOWN, changed_output(DOWN, lambda y: 2 * y))
    assert explain(case, [Hypothesis("", ("linear",), predict)]) == ()
    assert seen == [48]
    assert explain(case, [Hypothesis("", ("linear",), predict, needs_all_tokens=True)]) == ()
    assert seen == [48, 140]


@pytest.mark.parametrize("tap", ["layers.0.act", "logits"])
def test_what_was_never_heard_of_is_not_explained(tap: str) -> None:
    case = make_case(_wide(), tap, changed_output(tap, _unheard_of))
    assert not [cause for cause in explain(case, HYPOTHESES) if cause.explained_share > 0.9]


@cache
def _wide() -> Reference:
    shape = DecoderShape(1, 200, 10, 2, 20, 512, 1000)
    return make_reference(shape, lengths=(400, 300))


def _unheard_of(y: np.ndarray) -> np.ndarray:
    """Nothing explains this, so that everything is tried."""
    rng = np.random.default_rng(1234)
    return y + np.abs(y).mean() * rng.standard_normal(y.shape)
