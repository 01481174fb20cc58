"""Predictions measured against what the candidate put out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from parity.comparison import NoiseMetrics
from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, noise_floor, token_weights
from parity.diagnose.hypothesis import DESCRIPTION_RANK, Hypothesis, Prediction
from parity.diagnose.remembered import remembered
from parity.diagnose.thinning import is_tokenwise, thinned
from parity.diagnosis import Cause
from parity.metrics import noise_metrics, noise_ratio_by_token
from parity.replay.arrays import Floats

__all__ = ["LEAST_SHARE", "Judged", "is_noise", "judge", "left_by", "nothing_to_explain", "predictions_of"]

LEAST_SHARE = 0.5
"""What a cause must explain of residual and output."""

_PROMISING_SHARE = 0.3
_VALUES_PER_FITTED = 3
_WORST_TOKEN_LIMIT = 4.0


@dataclass(frozen=True)
class Judged:
    """A prediction, measured.

    Attributes:
        cause: what is reported of it.
        prediction: what it is.
        rank: of its hypothesis.
        complete: whether what it leaves is noise.
        remainder: mean square of what it leaves at a token in units of the noise there, as if nothing had been
            fitted.
        sets_standard: whether others must leave as little as it does to be as good.
    """

    cause: Cause
    prediction: Prediction
    rank: int
    complete: bool
    remainder: float
    sets_standard: bool


def predictions_of(case: SourceCase, hypothesis: Hypothesis) -> Iterator[Prediction]:
    """Predictions for the whole case, made only if one for some of its tokens is promising."""
    if hypothesis.about_non_finite or case.tap.op not in hypothesis.ops:
        return
    if is_tokenwise(case) and not hypothesis.needs_all_tokens:
        thin = thinned(case)
        if thin is not case and not _is_promising(thin, hypothesis):
            return
    yield from hypothesis.predict(case)


def judge(case: SourceCase, hypothesis: Hypothesis, prediction: Prediction, *, noise_limit: float) -> Judged | None:
    """None where a prediction explains too little or fits too much."""
    values = case.rows(case.output).elements
    if prediction.fitted * _VALUES_PER_FITTED > values or not _explains_half(case, prediction.output, _noise_left_by):
        return None
    found, floor = case.distance(prediction.output), noise_floor(case, prediction.output)
    noise, known = noise_metrics(found, floor), case.floor is not None
    complete = is_noise(noise, noise_limit)
    if not complete and not _explains_half(case, prediction.output, left_by):
        return None
    cause = Cause(
        hypothesis.name,
        prediction.sentence,
        _share(case, prediction.output),
        noise.noise_ratio if known else None,
        noise.worst_token_noise_ratio if known else None,
        prediction.fitted,
    )
    remainder = float(np.square(noise_ratio_by_token(found, floor)).mean()) / (1 - prediction.fitted / values)
    # A description that fits a number to each token or channel fits some of the noise too, and a copy holds it.
    standard = hypothesis.rank < DESCRIPTION_RANK and not prediction.copied
    return Judged(cause, prediction, hypothesis.rank, complete, remainder, standard)


def _explains_half(case: SourceCase, output: Floats, measure: Callable[[SourceCase, Floats], float]) -> bool:
    """Zeros would explain half of a residual that has nothing to do with `output`, so the candidate's counts too."""
    whole = min(measure(case, case.predicted), measure(case, np.zeros_like(case.output)))
    # A remainder that is NaN is refused.
    return measure(case, output) <= (1 - LEAST_SHARE) * whole


def _share(case: SourceCase, output: Floats) -> float:
    """What `output` explains of the residual; where one massive token hides it, with tokens in units of their noise."""
    share = 1 - left_by(case, output) / left_by(case, case.predicted)
    return share if share >= LEAST_SHARE else 1 - _noise_left_by(case, output) / _noise_left_by(case, case.predicted)


def nothing_to_explain(case: SourceCase, noise_limit: float) -> bool:
    """Whether the residual is zero, or noise."""
    noise = noise_metrics(case.distance(case.predicted), noise_floor(case, case.predicted))
    return left_by(case, case.predicted) == 0 or is_noise(noise, noise_limit)


def is_noise(noise: NoiseMetrics, noise_limit: float) -> bool:
    """Whether R is within the limit, and 4 at the worst token."""
    return noise.noise_ratio <= noise_limit and noise.worst_token_noise_ratio <= _WORST_TOKEN_LIMIT


def left_by(case: SourceCase, output: Floats) -> float:
    """‖candidate - output‖² over real tokens."""
    with np.errstate(invalid="ignore"):  # infinite at keys that a query may not see
        left = columns(case, output - case.output)
    return float(np.einsum("rc,rc->", left, left))


def _noise_left_by(case: SourceCase, output: Floats) -> float:
    """The same with each token in units of its noise."""
    with np.errstate(invalid="ignore"):
        left = columns(case, output - case.output) * _weights(case)[:, None]
    return float(np.einsum("rc,rc->", left, left))


@remembered
def _weights(case: SourceCase) -> Floats:
    return token_weights(case)


def _is_promising(thin: SourceCase, hypothesis: Hypothesis) -> bool:
    enough = (1 - _PROMISING_SHARE) * _noise_left_by(thin, thin.predicted)
    return any(_noise_left_by(thin, prediction.output) <= enough for prediction in hypothesis.predict(thin))
