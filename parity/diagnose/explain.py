"""Trying every hypothesis on a source tap and ranking what they explain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnosis import Cause
from parity.metrics import noise_metrics

__all__ = ["explain"]

_KEPT = 5
_LEAST_SHARE = 0.5


def explain(case: SourceCase, hypotheses: Sequence[Hypothesis], *, noise_limit: float = 2.0) -> tuple[Cause, ...]:
    """The causes that explain at least half of the residual, the best first.

    A cause whose remainder is noise (R within `noise_limit`) stands before one that leaves more; among those,
    the one with fewer fitted numbers and the more specific one.
    """
    whole = float(case.distance(case.predicted).error_squares.sum())
    if whole == 0:
        return ()
    ranked = []
    for hypothesis, prediction in _predictions(case, hypotheses):
        cause = _cause(case, hypothesis, prediction, whole)
        if cause.explained_share >= _LEAST_SHARE:
            ranked.append((_order(cause, hypothesis, noise_limit), cause))
    ranked.sort(key=lambda pair: pair[0])
    return tuple(cause for _, cause in ranked[:_KEPT])


def _predictions(case: SourceCase, hypotheses: Sequence[Hypothesis]) -> Iterable[tuple[Hypothesis, Prediction]]:
    for hypothesis in hypotheses:
        if case.tap.op in hypothesis.ops:
            for prediction in hypothesis.predict(case):
                yield hypothesis, prediction


def _cause(case: SourceCase, hypothesis: Hypothesis, prediction: Prediction, whole: float) -> Cause:
    left = case.distance(prediction.output)
    noise = noise_metrics(left, case.floor) if case.floor else None
    return Cause(
        hypothesis.name,
        prediction.sentence,
        1 - float(left.error_squares.sum()) / whole,
        noise.noise_ratio if noise else None,
        noise.worst_token_noise_ratio if noise else None,
        prediction.fitted,
    )


def _order(cause: Cause, hypothesis: Hypothesis, noise_limit: float) -> tuple[float, ...]:
    if cause.noise_ratio is not None and cause.noise_ratio <= noise_limit:
        return (0, cause.fitted, hypothesis.rank, cause.noise_ratio)
    return (1, 1 - cause.explained_share, cause.fitted, hypothesis.rank)
