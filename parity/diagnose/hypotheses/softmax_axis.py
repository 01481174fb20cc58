"""Softmax over another axis than keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_tap import attention_tap
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["SOFTMAX_AXIS"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Σ exp runs over heads, or over queries, so that the weights of a query don't sum to one."""
    guesses = [Guess("softmax runs over heads instead of keys", Variation(weights=_over_heads))]
    for padded in (False, True) if not case.reference.tokens.mask.all() else (False,):
        if _is_promising(case, padded=padded):
            words = "queries, those at padding too," if padded else "queries"
            variation = _over_queries(_log_totals(case, range(case.settings.shape.heads), padded=padded))
            guesses.append(Guess(f"softmax runs over {words} instead of keys", variation))
    return attention_predictions(case, guesses)


def _is_promising(case: SourceCase, *, padded: bool) -> bool:
    """Whether sums over queries explain one head; all of them take as long as all of attention."""
    sample = attention_tap(case).sample
    rows = sample.rows
    captured = None if rows.captured is None else rows.captured[:, :1]
    keys, values = rows.keys[:, :, :1], rows.values[:, :, :1]
    one = replace(rows, queries=rows.queries[:, :1], keys=keys, values=values, captured=captured)
    # What is granted of another fault may hold numbers for every head; those of the first are right.
    output = _over_queries(_log_totals(case, range(1), padded=padded)).output(one, sample.op)[:, :1]
    everything = np.repeat(output, rows.heads, axis=1)  # only the first head of it is used
    left, whole = (sample.squares(array)[:, 0].sum() for array in (everything, sample.predicted))
    return bool(left < 0.5 * whole)


def _log_totals(case: SourceCase, heads: range, *, padded: bool) -> Floats:
    """log Σ exp(score) over the queries that see a key, ``[prompt, head, key]``."""
    mask = case.reference.tokens.mask
    totals = np.empty((len(mask), len(heads), mask.shape[1]))
    causal = np.tri(mask.shape[1], dtype=np.bool_)
    for prompt, real in enumerate(mask):
        seen = causal if padded else causal & real[:, None]
        for head in heads:
            scores = np.where(seen, _scores(case, prompt, head), -np.inf)  # [query, key]
            highest = np.maximum(scores.max(axis=0), -1e300)
            with np.errstate(divide="ignore"):
                totals[prompt, head] = np.log(np.exp(scores - highest).sum(axis=0)) + highest
    return totals


def _scores(case: SourceCase, prompt: int, head: int) -> Floats:
    """All scores of one head, ``[query, key]``."""
    if case.tap.op == "softmax":
        captured: Floats = case.inputs[0][prompt, head]
        return captured
    group = case.inputs[0].shape[2] // case.inputs[1].shape[2]
    products: Floats = case.inputs[0][prompt, :, head] @ case.inputs[1][prompt, :, head // group].T
    return products * case.settings.attention_scale


def _over_queries(totals: Floats) -> Variation:
    def scores(rows: AttentionRows) -> Floats:
        return rows.scores - totals[rows.rows.prompts]

    return Variation(scores=scores, weights=_powers)


def _powers(scores: Floats, mask: Bools) -> Floats:
    with np.errstate(over="ignore"):  # what such a softmax can't compute explains nothing
        powers: Floats = np.where(mask, np.exp(scores), 0.0)
    return powers


def _over_heads(scores: Floats, mask: Bools) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights: Floats = np.where(mask, powers / powers.sum(axis=1, keepdims=True), 0.0)
    return weights


SOFTMAX_AXIS = Hypothesis("softmax_axis", ("softmax", "attention"), _predict, rank=2)
