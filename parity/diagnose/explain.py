"""Trying every hypothesis on a source tap and ranking what they explain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.finite import with_finite_inputs
from parity.diagnose.hypothesis import DESCRIPTION_RANK, Hypothesis, Prediction
from parity.diagnose.judged import LEAST_SHARE, Judged, judge, nothing_to_explain, predictions_of
from parity.diagnose.pairs import explain_by_two
from parity.diagnose.unpadded import without_padded_prompts
from parity.diagnosis import Cause

__all__ = ["explain", "leaves_single_tokens"]

_KEPT = 5
_EQUALLY_GOOD = 1.2
_NO_BETTER_THAN = 0.25
_NEARLY_ALL = 0.995


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
    Where every cause leaves more than noise, and not at single tokens alone, two at once are tried.

    Tokens whose inputs are not finite are left out. Of an output that is not finite elsewhere, the share is that of
    non-finite elements whose place and sign are predicted.
    """
    finite = with_finite_inputs(case)
    return () if finite is None else _explain(finite, hypotheses, noise_limit)


def _explain(case: SourceCase, hypotheses: Sequence[Hypothesis], noise_limit: float) -> tuple[Cause, ...]:
    usable = [hypothesis for hypothesis in hypotheses if case.tap.op in hypothesis.ops]
    if not np.isfinite(columns(case, case.output)).all():
        return _explain_non_finite(case, usable)
    if nothing_to_explain(case, noise_limit):
        return ()
    judged = _all_judged(case, usable, noise_limit)
    more: tuple[Cause, ...] = ()
    if not any(found.complete or leaves_single_tokens(found.cause, noise_limit) for found in judged):
        more = explain_by_two(case, usable, noise_limit) or _explain_without_padding(case, usable, noise_limit)
    return (*more, *_ranked(judged))[:_KEPT]


def leaves_single_tokens(cause: Cause, noise_limit: float) -> bool:
    """Whether no more than a few tokens stand out of what `cause` leaves, so that no second one is to be sought."""
    within = cause.noise_ratio is not None and cause.noise_ratio <= noise_limit
    return within and cause.explained_share >= _NEARLY_ALL


def _explain_without_padding(
    case: SourceCase, hypotheses: Sequence[Hypothesis], noise_limit: float
) -> tuple[Cause, ...]:
    """What leaves nothing but noise in prompts without padding, where the others may have read what padding held."""
    unpadded = without_padded_prompts(case) if case.tap.op in ("attention", "softmax") else None
    if unpadded is None or nothing_to_explain(unpadded, noise_limit):
        return ()
    whole, causes = [], _all_judged(unpadded, hypotheses, noise_limit)
    for cause in _ranked([found for found in causes if found.complete]):
        sentence = f"{cause.sentence} (in prompts without padding; what padding held was not captured)"
        whole.append(replace(cause, sentence=sentence))
    return tuple(whole[:1])


def _all_judged(case: SourceCase, hypotheses: Sequence[Hypothesis], noise_limit: float) -> list[Judged]:
    predictions = ((one, prediction) for one in hypotheses for prediction in predictions_of(case, one))
    judged = (judge(case, one, prediction, noise_limit=noise_limit) for one, prediction in predictions)
    return [found for found in judged if found is not None]


def _ranked(judged: Sequence[Judged]) -> tuple[Cause, ...]:
    causes = (found.remainder for found in judged if found.complete and found.sets_standard)
    bar = _EQUALLY_GOOD * max(min(causes, default=0.0), _NO_BETTER_THAN)
    best: dict[str, Cause] = {}
    for found in sorted(judged, key=lambda found: _order(found, bar)):
        best.setdefault(found.cause.hypothesis, found.cause)
    return tuple(best.values())


def _order(found: Judged, bar: float) -> tuple[float, ...]:
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
                if share >= LEAST_SHARE:
                    causes.append(Cause(hypothesis.name, prediction.sentence, share, None, None, prediction.fitted))
    return tuple(sorted(causes, key=lambda cause: -cause.explained_share)[:_KEPT])


def _non_finite(case: SourceCase, prediction: Prediction) -> _NonFinite:
    output, predicted = columns(case, case.output), columns(case, prediction.output)
    bad, claimed = ~np.isfinite(output), ~np.isfinite(predicted)
    matched = bad & claimed & ((output == predicted) | (np.isnan(output) & np.isnan(predicted)))
    return _NonFinite(int(bad.sum()), int(matched.sum()), int((claimed & ~bad).sum()))
