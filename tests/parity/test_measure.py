from __future__ import annotations

import numpy as np
import pytest

from parity.compare import compare
from parity.limits import default_limits
from parity.measure import Measurement, Subject, measure
from parity.metrics import real_rows
from parity.taps import Tap, TapGraph
from parity.tokens import TokenBatch

X = Tap("x", "linear", (), ("batch", "token", "channel"), (None, None, 64))
Y = Tap("y", "linear", ("x",), ("batch", "token", "head", "channel"), (None, None, 2, 32))
TOKENS = TokenBatch.from_sequences([[1] * 9, [2] * 5])


def made(seed: int, *, floors: int = 1) -> Subject:
    rng = np.random.default_rng(seed)
    truth = {"x": rng.normal(size=(2, 9, 64)), "y": rng.normal(size=(2, 9, 2, 32))}

    def rounded(noise: float) -> dict[str, np.ndarray]:
        return {name: array * (1 + noise * rng.normal(size=array.shape)) for name, array in truth.items()}

    quiet = rounded(1e-3)
    quiet["y"][0, 3] = truth["y"][0, 3] * (1 + 1e-6)  # a lucky token: the floor run is nearly exact there
    runs = [quiet, *(rounded(1e-3) for _ in range(floors - 1))] if floors else []
    return Subject("prefill", TOKENS, TapGraph((X, Y)), truth, rounded(1e-3), "float16", runs)


def measured(subject: Subject) -> Measurement:
    truth, candidate = (real_rows(side["y"], Y, TOKENS) for side in (subject.reference, subject.candidate))
    return measure(subject, Y, truth, candidate)


def test_the_worst_token_listed_is_the_one_that_was_judged() -> None:
    subject = made(0)
    row = compare(subject, default_limits("float16"))[1]
    assert row.noise is not None
    assert row.profile is not None
    assert row.worst_tokens[0].noise_ratio == row.noise.worst_token_noise_ratio
    assert max(row.profile.noise_ratio) == pytest.approx(row.noise.worst_token_noise_ratio, rel=1e-3)
    assert row.noise.worst_token_noise_ratio < 4


def test_rows_are_real_tokens_and_the_floor_is_measured() -> None:
    found = measured(made(1, floors=2))
    assert found.distance.shape == (14,)
    assert found.ratio is not None
    assert len(found.floors) == 2
    assert found.floor is not None
    assert found.floor.basis == "measured"
    np.testing.assert_allclose(np.median(found.ratio), 1.0, atol=0.3)


def test_without_a_floor_there_is_no_ratio() -> None:
    found = measured(made(2, floors=0))
    assert (found.floor, found.ratio, found.floors) == (None, None, ())


def test_a_floor_run_that_overflowed_is_left_out() -> None:
    subject = made(3, floors=2)
    subject.floors[0]["y"][1, 2, 0, 5] = np.inf  # type: ignore[index]
    assert len(measured(subject).floors) == 1


def test_a_floor_run_may_overflow_at_padding() -> None:
    subject = made(3)
    subject.floors[0]["y"][1, 7] = np.inf  # type: ignore[index]
    assert len(measured(subject).floors) == 1
