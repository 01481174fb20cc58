"""One tap's status and the sentence that explains it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from parity.comparison import FAILING_STATUSES, STATUSES, ErrorMetrics, NoiseMetrics
from parity.limits import AppliedLimits
from parity.verdict import judge

LIMITS = AppliedLimits("mean_abs", 1e-3, 2.0, 4.0)
ERRORS = ErrorMetrics(5e-4, 4e-4, 2e-3, 1e-2, 5e-3, 4e-3, 0.1, 40.0, 3e-4, 0.99999, 1.0, 70.0)
FLAGGED = replace(ERRORS, mean_abs=2e-3)


def noise(median: float, worst: float) -> NoiseMetrics:
    return NoiseMetrics(median, worst, 3e-4, "measured")


@pytest.mark.parametrize(
    ("errors", "measured", "status", "words"),
    [
        (
            ERRORS,
            noise(1.0, 1.5),
            "match",
            "mean |error| 0.0005 is within 0.001; R 1 (worst token 1.5) is within 2 (4)",
        ),
        (FLAGGED, noise(1.0, 1.5), "rounding", "is above 0.001, yet R 1 (worst token 1.5) is within 2 (4)"),
        (ERRORS, noise(2.1, 3.0), "mismatch", "R 2.1 of the median token is above 2;"),
        (ERRORS, noise(1.0, 4.1), "mismatch", "R 4.1 of the worst token is above 4;"),
        (FLAGGED, noise(3.0, 9.0), "mismatch", "above 2 and R 9 of the worst token is above 4; mean |error| 0.002 is"),
        (ERRORS, noise(1513.2, 2e5), "mismatch", "R 1513 of the median token is above 2 and R 2.00e5 of the worst"),
        (FLAGGED, None, "mismatch", "no noise floor was recorded, so the flag decides"),
        (ERRORS, None, "match", "no noise floor was recorded, so the flag decides"),
        (ERRORS, noise(math.nan, 1.0), "mismatch", "R nan"),
        (ERRORS, noise(1.0, math.inf), "mismatch", "R inf"),
    ],
)
def test_status_and_reason(errors: ErrorMetrics, measured: NoiseMetrics | None, status: str, words: str) -> None:
    verdict = judge(errors, measured, LIMITS, dtype="float16")
    assert verdict.status == status
    assert words in verdict.reason
    assert verdict.flagged == (errors is FLAGGED)


def test_rounding_says_which_dtype_costs_that() -> None:
    assert "what bfloat16 costs" in judge(FLAGGED, noise(1, 1), LIMITS, dtype="bfloat16").reason


def test_a_limit_that_is_just_reached_still_passes() -> None:
    assert judge(replace(ERRORS, mean_abs=1e-3), noise(2.0, 4.0), LIMITS, dtype="float16").status == "match"


def test_every_failing_status_is_a_status() -> None:
    assert set(STATUSES) > FAILING_STATUSES
