"""Divergence, choices and margins of logits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from parity.cost import logit_cost

Floats = npt.NDArray[np.float64]
LOGITS = hnp.arrays(np.float64, (5, 9), elements=st.floats(-30, 30, width=32))
NONE = np.zeros(5)


@given(LOGITS)
def test_equal_logits_cost_nothing(logits: Floats) -> None:
    cost = logit_cost(logits, logits.copy(), NONE)
    assert (cost.mean_kl, cost.max_kl, cost.flipped_positions) == (0, 0, 0)
    assert (cost.top1_agreement, cost.decided_top1_agreement, cost.max_margin_used) == (1, 1, 0)


@given(LOGITS, st.floats(-100, 100))
def test_a_shift_of_all_logits_costs_nothing(logits: Floats, shift: float) -> None:
    cost = logit_cost(logits, logits + shift, NONE)
    assert cost.max_kl == pytest.approx(0, abs=1e-9)
    assert cost.top5_overlap == pytest.approx(1) or len(np.unique(logits)) < logits.size


@given(LOGITS, LOGITS)
def test_divergence_is_its_definition(truth: Floats, candidate: Floats) -> None:
    p, q = (np.exp(x - x.max(1, keepdims=True)) for x in (truth, candidate))
    p, q = p / p.sum(1, keepdims=True), q / q.sum(1, keepdims=True)
    expected = (p * np.log(p / q)).sum(axis=1)
    cost = logit_cost(truth, candidate, NONE)
    assert cost.mean_kl == pytest.approx(expected.mean(), rel=1e-6, abs=1e-9)
    assert cost.max_kl >= 0


def test_a_margin_is_used_up_where_the_choice_flips() -> None:
    truth = np.array([[4.0, 2.0, 0.0], [4.0, 2.0, 0.0]])
    candidate = np.array([[3.5, 2.5, 0.0], [2.0, 3.0, 0.0]])
    cost = logit_cost(truth, candidate, np.zeros(2))
    assert (cost.flipped_positions, cost.top1_agreement) == (1, 0.5)
    assert cost.max_margin_used == pytest.approx(1.5)
    assert cost.median_margin_used == pytest.approx(1.0)


def test_a_choice_within_the_noise_is_not_decided() -> None:
    truth = np.array([[1.0, 0.99, 0.0], [5.0, 0.0, 0.0]])
    candidate = np.array([[0.99, 1.0, 0.0], [5.0, 0.0, 0.0]])
    cost = logit_cost(truth, candidate, np.full(2, 0.1))
    assert (cost.top1_agreement, cost.decided_positions, cost.decided_top1_agreement) == (0.5, 1, 1.0)
