"""The small solvers that hypotheses use."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.diagnose.fitting import Guess, best_guess, least_squares, minimum, plainly, round_numbers


@given(st.floats(-3, 3), st.floats(0.1, 5))
def test_least_squares_recovers_a_decay(start: float, rate: float) -> None:
    at = np.linspace(0, 2, 30)
    target = np.exp(start - rate * at)
    theta, cost = least_squares(
        lambda p: np.exp(p[0] - p[1] * at),
        [0.0, 1.0],
        target=target,
        weights=np.ones(30),
        low=(-9.0, 0.0),
        high=(9.0, 9.0),
    )
    assert theta == pytest.approx([start, rate], rel=1e-4, abs=1e-4)
    assert cost <= 1e-8 * float(target @ target)


def test_least_squares_stays_within_bounds() -> None:
    theta, _ = least_squares(lambda p: p, [1.0], target=np.array([7.0]), weights=np.ones(1), low=[0.0], high=[2.0])
    assert theta[0] == 2.0


@given(st.floats(-4.9, 4.9))
def test_the_minimum_is_found_between_grid_points(place: float) -> None:
    assert minimum(lambda x: (x - place) ** 2, np.linspace(-5, 5, 11)) == pytest.approx(place, abs=1e-6)


def test_round_numbers_come_before_the_number_itself_and_cost_less() -> None:
    assert list(round_numbers(1.3004)) == [(1.0, 1), (1.3, 1), (1.3004, 2)]
    assert list(round_numbers(4.0)) == [(4.0, 1)]


@given(st.floats(1e-3, 1e9))
def test_plain_numbers_read_back(value: float) -> None:
    assert float(plainly(value)) == pytest.approx(value, rel=1e-5)
    assert plainly(1e6) == "1000000"


def test_of_equally_good_guesses_the_least_fitted_wins_and_then_the_first() -> None:
    guesses = [Guess("many", 1.0, 3), Guess("first", 1.05, 0), Guess("second", 1.0, 0)]
    found = best_guess(guesses, lambda left: left)
    assert found is not None
    assert (found[0].sentence, found[1]) == ("first", 1.05)


def test_a_fitted_number_must_pay_for_itself() -> None:
    found = best_guess([Guess("plain", 1.0, 0), Guess("fitted", 0.5, 10)], lambda left: left)
    assert found is not None
    assert found[0].sentence == "plain"
    found = best_guess([Guess("plain", 1.0, 0), Guess("fitted", 0.1, 10)], lambda left: left)
    assert found is not None
    assert found[0].sentence == "fitted"


def test_guesses_that_are_not_finite_are_left_out() -> None:
    assert best_guess([Guess("overflowed", np.inf), Guess("undefined", np.nan)], lambda left: left) is None
