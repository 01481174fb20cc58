"""Trying every hypothesis on a source tap and ranking what they explain."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from parity.comparison import NoiseMetrics
from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, noise_floor, token_weights
from parity.diagnose.finite import with_finite_inputs
from parity.diagnose.hypothesis import DESCRIPTION_RANK, Hypothesis, Prediction
from parity.diagnose.remembered import remembered
from parity.diagnose.thinning import is_tokenwise, thinned
from parity.diagnosis import Cause
from parity.metrics import noise_metrics, noise_ratio_by_token
from parity.replay.arrays import Floats

__all__ = ["explain"]

_KEPT = 5
_LEAST_SHARE = 0.5
_PROMISING_SHARE = 0.3
_VALUES_PER_FITTED = 3
_WORST_TOKEN_LIMIT = 4.0
_EQUALLY_GOOD = 1.2
_NO_BETTER_THAN = 0.25


def explain(case: SourceCase, hypotheses: Sequence[Hypothesis], *, noise_limit: float = 2.0) -> tuple[Cause, ...]:
    """The causes that explain at least half of residual and output, the best of each hypothesis, the best first.

    Half is measured with each token in units of its noise: in trained models one token is a thousand times as large
    as the others, and its rounding would outweigh whatever is wrong with all of them. A cause that leaves more than
    noise must explain half of the plain squares too.

    A cause whose remainder is noise (R within `noise_limit`, at the worst token within 4) stands before one that
    leaves more. Of those, all that leave about as little as the best are equally good: then fewer fitted numbers
    and the more specific hypothesis win, and descriptions come after causes, the narrowest first. Causes that
    leave more are ordered by how much, in steps of a factor of two. A cause that fits more than a third as many
    numbers as there are values explains nothing. Where the residual itself is noise, there is nothing to explain.

    Tokens whose inputs are not finite are left out. Of an output that is not finite elsewhere, the share is that of
    non-finite elements whose place and sign are predicted.
    """
    finite = with_finite_inputs(case)
    return () if finite is None else _explain(finite, hypotheses, noise_limit)


def _explain(case: SourceCase, hypotheses: Sequence[Hypothesis], noise_limit: float) -> tuple[Cause, ...]:
    usable = [hypothesis for hypothesis in hypotheses if case.tap.op in hypothesis.ops]
    if not np.isfinite(columns(case, case.output)).all():
        return _explain_non_finite(case, usable)
    whole = _squares(case, case.predicted)
    if whole == 0 or _is_noise(_noise(case, case.predicted), noise_limit):
        return ()
    judged = []
    for hypothesis in usable:
        for prediction in _predictions(case, hypothesis):
            found = _judge(case, hypothesis, prediction, whole=whole, noise_limit=noise_limit)
            if found is not None:
                judged.append(found)
    return _ranked(judged)


@dataclass(frozen=True)
class _Judged:
    """A prediction, measured.

    Attributes:
        cause: what is reported of it.
        rank: of its hypothesis.
        complete: whether what it leaves is noise.
        remainder: mean square of what it leaves at a token in units of the noise there, as if nothing had been
            fitted.
        sets_standard: whether others must leave as little as it does to be as good.
    """

    cause: Cause
    rank: int
    complete: bool
    remainder: float
    sets_standard: bool


def _ranked(judged: Sequence[_Judged]) -> tuple[Cause, ...]:
    causes = (found.remainder for found in judged if found.complete and found.sets_standard)
    bar = _EQUALLY_GOOD * max(min(causes, default=0.0), _NO_BETTER_THAN)
    best: dict[str, Cause] = {}
    for found in sorted(judged, key=lambda found: _order(found, bar)):
        best.setdefault(found.cause.hypothesis, found.cause)
    return tuple(best.values())[:_KEPT]


def _order(found: _Judged, bar: float) -> tuple[float, ...]:
    """`bar` is the largest remainder of a cause that is as good as the best."""
    cause = found.cause
    if not found.complete:
        left = max(1 - cause.explained_share, 1e-30)
        return (3, round(math.log2(left) / 2), cause.fitted, found.rank, left)
    if found.rank >= DESCRIPTION_RANK:
        return (1, found.rank, cause.fitted, found.remainder)
    if found.remainder <= bar:
        return (0, cause.fitted, found.rank, found.remainder)
    return (2, found.remainder, cause.fitted, found.rank)


def _predictions(case: SourceCase, hypothesis: Hypothesis) -> Iterator[Prediction]:
    """Predictions for the whole case, made only if one for some of its tokens is promising."""
    if hypothesis.about_non_finite:
        return
    if is_tokenwise(case) and not hypothesis.needs_all_tokens:
        thin = thinned(case)
        if thin is not case and not _is_promising(thin, hypothesis):
            return
    yield from hypothesis.predict(case)


def _is_promising(thin: SourceCase, hypothesis: Hypothesis) -> bool:
    enough = (1 - _PROMISING_SHARE) * _noise_squares(thin, thin.predicted)
    return any(_noise_squares(thin, prediction.output) <= enough for prediction in hypothesis.predict(thin))


def _judge(
    case: SourceCase, hypothesis: Hypothesis, prediction: Prediction, *, whole: float, noise_limit: float
) -> _Judged | None:
    """None where a prediction explains too little or fits too much."""
    values = case.rows(case.output).elements
    if prediction.fitted * _VALUES_PER_FITTED > values or not _explains_half(case, prediction.output, _noise_squares):
        return None
    found, floor = case.distance(prediction.output), noise_floor(case, prediction.output)
    noise, known = noise_metrics(found, floor), case.floor is not None
    complete = _is_noise(noise, noise_limit)
    if not complete and not _explains_half(case, prediction.output, _squares):
        return None
    share = 1 - _squares(case, prediction.output) / whole
    if share < _LEAST_SHARE:
        share = 1 - _noise_squares(case, prediction.output) / _noise_squares(case, case.predicted)
    cause = Cause(
        hypothesis.name,
        prediction.sentence,
        share,
        noise.noise_ratio if known else None,
        noise.worst_token_noise_ratio if known else None,
        prediction.fitted,
    )
    remainder = float(np.square(noise_ratio_by_token(found, floor)).mean()) / (1 - prediction.fitted / values)
    # A description that fits a number to each token or channel fits some of the noise too, and a copy holds it.
    standard = hypothesis.rank < DESCRIPTION_RANK and not prediction.copied
    return _Judged(cause, hypothesis.rank, complete, remainder, standard)


def _explains_half(case: SourceCase, output: Floats, measure: Callable[[SourceCase, Floats], float]) -> bool:
    """Zeros would explain half of a residual that has nothing to do with `output`, so the candidate's counts too."""
    whole = min(measure(case, case.predicted), measure(case, np.zeros_like(case.output)))
    # A remainder that is NaN is refused.
    return measure(case, output) <= (1 - _LEAST_SHARE) * whole


def _noise(case: SourceCase, output: np.ndarray) -> NoiseMetrics:
    return noise_metrics(case.distance(output), noise_floor(case, output))


def _is_noise(noise: NoiseMetrics, noise_limit: float) -> bool:
    return noise.noise_ratio <= noise_limit and noise.worst_token_noise_ratio <= _WORST_TOKEN_LIMIT


def _squares(case: SourceCase, output: np.ndarray) -> float:
    """‖candidate - output‖² over real tokens."""
    with np.errstate(invalid="ignore"):  # infinite at keys that a query may not see
        left = columns(case, output - case.output)
    return float(np.einsum("rc,rc->", left, left))


def _noise_squares(case: SourceCase, output: Floats) -> float:
    """The same with each token in units of its noise."""
    with np.errstate(invalid="ignore"):
        left = columns(case, output - case.output) * _weights(case)[:, None]
    return float(np.einsum("rc,rc->", left, left))


@remembered
def _weights(case: SourceCase) -> Floats:
    return token_weights(case)


@dataclass(frozen=True)
class _NonFinite:
    """How many elements are NaN or infinite, and how many of them a prediction has right or claims wrongly."""

    found: int
    matched: int
    claimed: int


def _explain_non_finite(case: SourceCase, hypotheses: Sequence[Hypothesis]) -> tuple[Cause, ...]:
    causes = []
    for hypothesis in hypotheses:
        if hypothesis.about_non_finite:
            for prediction in hypothesis.predict(case):
                counts = _non_finite(case, prediction)
                share = (counts.matched - counts.claimed) / counts.found
                if share >= _LEAST_SHARE:
                    causes.append(Cause(hypothesis.name, prediction.sentence, share, None, None, prediction.fitted))
    return tuple(sorted(causes, key=lambda cause: -cause.explained_share)[:_KEPT])


def _non_finite(case: SourceCase, prediction: Prediction) -> _NonFinite:
    output, predicted = columns(case, case.output), columns(case, prediction.output)
    bad, claimed = ~np.isfinite(output), ~np.isfinite(predicted)
    matched = bad & claimed & ((output == predicted) | (np.isnan(output) & np.isnan(predicted)))
    return _NonFinite(int(bad.sum()), int(matched.sum()), int((claimed & ~bad).sum()))
