"""Trying every hypothesis on a source tap and ranking what they explain."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from parity.comparison import NoiseMetrics
from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, noise_floor
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.thinning import is_tokenwise, thinned
from parity.diagnosis import Cause
from parity.metrics import noise_metrics

__all__ = ["explain"]

_KEPT = 5
_LEAST_SHARE = 0.5
_PROMISING_SHARE = 0.3
_VALUES_PER_FITTED = 3
_WORST_TOKEN_LIMIT = 4.0


def explain(case: SourceCase, hypotheses: Sequence[Hypothesis], *, noise_limit: float = 2.0) -> tuple[Cause, ...]:
    """The causes that explain at least half of the residual, the best of each hypothesis, the best first.

    A cause whose remainder is noise (R within `noise_limit`, at the worst token within 4) stands before
    one that leaves more; among those, the one with fewer fitted numbers and the more specific one. Causes that
    leave more are ordered by how much, in steps of a factor of two. A cause that fits more than a third as many
    numbers as there are values explains nothing. Where the residual itself is noise, there is nothing to explain.

    Of an output that is not finite, the share is that of non-finite elements whose place and sign are predicted.
    """
    usable = [hypothesis for hypothesis in hypotheses if case.tap.op in hypothesis.ops]
    if not np.isfinite(columns(case, case.output)).all():
        return _explain_non_finite(case, usable)
    whole = _squares(case, case.predicted)
    if whole == 0 or _is_noise(_noise(case, case.predicted), noise_limit):
        return ()
    best: dict[str, tuple[tuple[float, ...], Cause]] = {}
    for hypothesis in usable:
        for prediction in _predictions(case, hypothesis):
            found = _judged(case, hypothesis, prediction, whole, noise_limit)
            if found is not None and (hypothesis.name not in best or found[0] < best[hypothesis.name][0]):
                best[hypothesis.name] = found
    ranked = sorted(best.values(), key=lambda pair: pair[0])
    return tuple(cause for _, cause in ranked[:_KEPT])


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
    enough = (1 - _PROMISING_SHARE) * _squares(thin, thin.predicted)
    return any(_squares(thin, prediction.output) <= enough for prediction in hypothesis.predict(thin))


def _judged(
    case: SourceCase, hypothesis: Hypothesis, prediction: Prediction, whole: float, noise_limit: float
) -> tuple[tuple[float, ...], Cause] | None:
    """The cause and its place in the order; None where it explains too little or fits too much."""
    share = 1 - _squares(case, prediction.output) / whole
    # Written this way round, a share that is NaN is refused.
    if not share >= _LEAST_SHARE or prediction.fitted * _VALUES_PER_FITTED > case.rows(case.output).elements:
        return None
    noise = _noise(case, prediction.output)
    known = case.floor is not None
    cause = Cause(
        hypothesis.name,
        prediction.sentence,
        share,
        noise.noise_ratio if known else None,
        noise.worst_token_noise_ratio if known else None,
        prediction.fitted,
    )
    return _order(cause, hypothesis, _is_noise(noise, noise_limit), noise), cause


def _order(cause: Cause, hypothesis: Hypothesis, complete: bool, noise: NoiseMetrics) -> tuple[float, ...]:
    if complete:
        return (0, cause.fitted, hypothesis.rank, noise.noise_ratio)
    left = max(1 - cause.explained_share, 1e-30)
    return (1, round(math.log2(left) / 2), cause.fitted, hypothesis.rank, left)


def _noise(case: SourceCase, output: np.ndarray) -> NoiseMetrics:
    return noise_metrics(case.distance(output), noise_floor(case, output))


def _is_noise(noise: NoiseMetrics, noise_limit: float) -> bool:
    return noise.noise_ratio <= noise_limit and noise.worst_token_noise_ratio <= _WORST_TOKEN_LIMIT


def _squares(case: SourceCase, output: np.ndarray) -> float:
    """‖candidate - output‖² over real tokens."""
    with np.errstate(invalid="ignore"):  # infinite at keys that a query may not see
        left = columns(case, output - case.output)
    return float(np.einsum("rc,rc->", left, left))


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
