from __future__ import annotations

import numpy as np

from parity.metrics.noise_spread import noise_spread


def drawn(sensitivity: np.ndarray, size: np.ndarray, a: float, b: float) -> np.ndarray:
    """One draw of noise of that spread, as the norm of two numbers at each token."""
    draws = np.random.default_rng(0).standard_normal((size.size, 2)) / np.sqrt(2)
    return np.sqrt((a * sensitivity) ** 2 + (b * size) ** 2) * np.linalg.norm(draws, axis=1)


def test_both_parts_are_found() -> None:
    rng = np.random.default_rng(1)
    sensitivity, size = rng.lognormal(0, 2, 2000), rng.lognormal(0, 0.3, 2000)
    spread = noise_spread(drawn(sensitivity, size, 3.0, 0.5), size, sensitivity).at(size, sensitivity)
    np.testing.assert_allclose(spread, np.sqrt((3 * sensitivity) ** 2 + (0.5 * size) ** 2), rtol=0.15)


def test_a_part_that_is_not_there_gets_nothing() -> None:
    rng = np.random.default_rng(2)
    sensitivity, size = rng.lognormal(0, 2, 2000), rng.lognormal(0, 0.3, 2000)
    spread = noise_spread(drawn(sensitivity, size, 0.0, 0.5), size, sensitivity).at(size, sensitivity)
    np.testing.assert_allclose(np.median(spread / size), 0.5, rtol=0.1)


def test_insensitive_tokens_do_not_decide() -> None:
    """The first token attends to itself alone: no error of a score reaches it."""
    rng = np.random.default_rng(3)
    sensitivity, size = rng.lognormal(0, 1, 300), np.ones(300)
    sensitivity[0] = 1e-7
    error = drawn(sensitivity, size, 1e-6, 0.0)
    error[0] = 2.5e-8
    spread = noise_spread(error, size, sensitivity).at(size, sensitivity)
    np.testing.assert_allclose(spread[1:], 1e-6 * sensitivity[1:], rtol=0.2)


def test_nothing_measured_is_nothing_spread() -> None:
    assert not noise_spread(np.zeros(3), np.ones(3), np.ones(3)).at(np.ones(3), np.ones(3)).any()
