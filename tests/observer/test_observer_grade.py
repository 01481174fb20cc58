"""The rules of grades, each at its border."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rows import cost

from parity.observer.grade import OBSERVER_RULES, grade
from parity.observer_effect import JudgedLogits, LogitsDistance
from parity.tap_result import NoiseMetrics

LIMITS = {rule.name: rule.limit for rule in OBSERVER_RULES}


def logits(ratio: float | None, *, worst: float | None = None, limit: float = 2.0) -> JudgedLogits:
    if ratio is None:
        return JudgedLogits("not finite", True, None)
    fails = ratio > limit or (worst or ratio) > 2 * limit
    noise = NoiseMetrics(ratio, worst or ratio, 1e-3, "measured")
    return JudgedLogits("mismatch" if fails else "match", fails, noise)


def apart(ratio: float, *, worst: float | None = None, equal: bool = False) -> LogitsDistance:
    return LogitsDistance(equal, 1e-3 * ratio, NoiseMetrics(ratio, worst or ratio, 1e-3, "measured"), None, cost())


def unmeasured(*, flagged: bool) -> LogitsDistance:
    return LogitsDistance(False, 1e-3, None, flagged, cost())


def test_equal_logits_are_faithful_whatever_they_are() -> None:
    assert grade(logits(1), logits(1), apart(0, equal=True))[0] == "faithful"
    assert grade(logits(90), logits(90), apart(0, equal=True))[0] == "faithful"


def test_a_bug_that_only_the_engine_without_taps_has_is_hidden() -> None:
    found, reason = grade(logits(1.1), logits(2.1), apart(1.8))
    assert found == "hides the bug"
    assert "without taps the logits are mismatch (R 2.10" in reason
    assert grade(logits(1.1), logits(None), None)[0] == "hides the bug"
    assert grade(logits(1.1), logits(1.5, worst=4.5), apart(1.0))[0] == "hides the bug"


def test_an_error_that_only_the_engine_with_taps_has_is_of_its_own_making() -> None:
    found, reason = grade(logits(7), logits(1.1), apart(7))
    assert found == "perturbing"
    assert reason.startswith("with taps the logits are mismatch (R 7.00")


def test_what_can_not_be_compared_is_not_faithful() -> None:
    assert grade(logits(None), logits(None), None)[0] == "perturbing"


def test_two_engines_may_be_as_far_apart_as_independent_roundings_are() -> None:
    noise = LIMITS["noise"]
    allowed = math.hypot(noise, noise)
    assert grade(logits(1), logits(1), apart(allowed - 0.01))[0] == "faithful"
    assert grade(logits(1), logits(1), apart(allowed + 0.01))[0] == "perturbing"
    assert grade(logits(1.8), logits(1.8), apart(1.2 * math.hypot(1.8, 1.8) - 0.01))[0] == "faithful"


def test_a_large_common_error_excuses_no_distance() -> None:
    assert grade(logits(90), logits(90), apart(1.5))[0] == "faithful"
    assert grade(logits(90), logits(90), apart(60))[0] == "perturbing"


def test_one_token_may_be_off_by_more_than_the_median_and_not_by_any_amount() -> None:
    allowed = LIMITS["worst token"] * math.hypot(1.2, 1.2)
    assert grade(logits(1), logits(1), apart(0.5, worst=allowed - 0.01))[0] == "faithful"
    found, reason = grade(logits(1), logits(1), apart(0.5, worst=allowed + 0.01))
    assert found == "perturbing"
    assert "at the worst token" in reason


def test_error_that_one_engine_lacks_is_no_rounding() -> None:
    assert grade(logits(0.96), logits(1.2), apart(1.2))[0] == "faithful"
    found, reason = grade(logits(0.5), logits(1.3), apart(1.2))
    assert (found, "the engine without taps has 1.20 floors of error" in reason) == ("perturbing", True)
    assert "the engine with taps has" in grade(logits(1.3), logits(0.5), apart(1.2))[1]
    assert grade(logits(1.6), logits(1.95), apart(1.2))[0] == "faithful"


def test_what_a_rebuild_changes_too_is_no_effect_of_marking() -> None:
    far = apart(2.4, worst=5)
    assert grade(logits(1), logits(1), far)[0] == "perturbing"
    assert grade(logits(1), logits(1), far, rebuilt=logits(1), rebuild_distance=apart(2.1, worst=4.5))[0] == "faithful"
    assert (
        grade(logits(1), logits(1), far, rebuilt=logits(1), rebuild_distance=apart(1.9, worst=4.5))[0] == "perturbing"
    )
    more = {"rebuilt": logits(0.5), "rebuild_distance": apart(1.2)}
    assert grade(logits(0.5), logits(1.5), apart(1.4), **more)[0] == "faithful"
    assert grade(logits(0.5), logits(1.5), apart(1.4))[0] == "perturbing"


def test_a_rebuild_never_excuses_a_hidden_bug() -> None:
    again = {"rebuilt": logits(9), "rebuild_distance": apart(9)}
    assert grade(logits(1), logits(9), apart(9), **again)[0] == "hides the bug"


@pytest.mark.parametrize(("flagged", "expected"), [(True, "perturbing"), (False, "faithful")])
def test_without_a_floor_the_flag_decides(flagged: bool, expected: str) -> None:
    bare = JudgedLogits("match", False, None)
    assert grade(bare, bare, unmeasured(flagged=flagged))[0] == expected


@given(seed=st.integers(0, 2**32 - 1), one=st.floats(0.3, 1.9), ratio=st.floats(0.85, 1.17))
def test_independent_roundings_of_like_size_are_faithful(seed: int, one: float, ratio: float) -> None:
    other = min(one * ratio, 1.95)
    assert measured(seed, one, other, common=0.0)[0] == "faithful"


@given(seed=st.integers(0, 2**32 - 1), noise=st.floats(0.5, 1.0), hidden=st.floats(1.1, 1.6))
def test_an_error_of_more_than_a_floor_that_marking_removes_is_noticed(seed: int, noise: float, hidden: float) -> None:
    """Below the limits of the logits, where nothing else would tell."""
    assert measured(seed, noise, noise, common=noise, hidden=hidden)[0] == "perturbing"


def measured(seed: int, one: float, other: float, *, common: float, hidden: float = 0.0) -> tuple[str, str]:
    """Grade errors that are drawn here: `common` to both, or of each engine alone; `hidden` only without taps."""
    rng = np.random.default_rng(seed)
    tokens, size = 60, 400

    def error(scale: float) -> np.ndarray:
        return rng.normal(0, scale / size**0.5, (tokens, size))

    shared = error(common)
    probed = shared if common else error(one)
    unprobed = (shared if common else error(other)) + error(hidden)

    def ratios(errors: np.ndarray) -> tuple[float, float]:
        norms = np.linalg.norm(errors, axis=1)
        return float(np.median(norms)), float(norms.max())

    sides = [logits(median, worst=worst) for median, worst in (ratios(probed), ratios(unprobed))]
    median, worst = ratios(probed - unprobed)
    return grade(*sides, apart(median, worst=worst))
