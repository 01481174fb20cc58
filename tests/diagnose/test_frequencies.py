"""Frequencies fitted pair by pair, and what is read off a reference's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.diagnose.frequencies import fit_frequencies, plain_base, plain_frequencies, with_base


@given(st.lists(st.floats(-3.1, 3.1), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_any_frequencies_are_recovered_from_scattered_positions(omega: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    positions = np.append(rng.choice(300, 60, replace=False), [0, 1]).astype(np.float64)
    weights = rng.uniform(0.5, 2, (positions.size, len(omega)))
    products = weights * 1.3 * np.exp(1j * positions[:, None] * np.array(omega))
    fit = fit_frequencies(products, weights, positions)
    assert fit.values == pytest.approx(omega, abs=1e-9)
    assert fit.amplitude == pytest.approx([1.3] * len(omega))
    assert (fit.information > 0).all()


def test_tokens_at_position_0_tell_nothing() -> None:
    fit = fit_frequencies(np.ones((3, 2), dtype=np.complex128), np.ones((3, 2)), np.zeros(3))
    assert fit.distinct_positions == 0
    assert (fit.information == 0).all()


@pytest.mark.parametrize("base", [1e4, 1e6, 5e6])
@pytest.mark.parametrize("pairs", [8, 64])
def test_the_base_of_fp32_frequencies_is_the_number_that_was_meant(base: float, pairs: int) -> None:
    stored = plain_frequencies(base, pairs).astype(np.float32).astype(np.float64)
    assert plain_base(stored) == base
    assert with_base(stored, 3e5) == pytest.approx(plain_frequencies(3e5, pairs), rel=1e-6)


def test_a_single_pair_has_no_base() -> None:
    assert np.isnan(plain_base(np.ones(1)))


def test_only_the_last_place_of_fp32_follows_the_candidate() -> None:
    omega, positions = np.array([1.0, 0.1]), np.arange(200.0)
    moved = omega * np.array([1 + 2.0**-24, 1.01])
    fit = fit_frequencies(np.exp(1j * positions[:, None] * moved), np.ones((200, 2)), positions)
    nearest = fit.nearest(omega)
    assert nearest[0] == pytest.approx(moved[0], abs=1e-12)
    assert nearest[1] == pytest.approx(omega[1], rel=3e-7)
