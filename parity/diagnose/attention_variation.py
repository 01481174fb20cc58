"""Attention with one of its stages changed, and the predictions that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_tap import AttentionSample, attention_tap
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, best_guess
from parity.diagnose.hypothesis import Prediction
from parity.replay.arrays import Floats
from parity.replay.ops import probabilities

__all__ = ["ATTENTION_OPERATIONS", "Variation", "attention_predictions", "remainder", "whole_prediction"]

ATTENTION_OPERATIONS = ("scores", "softmax", "attention")


@dataclass(frozen=True, eq=False)
class Variation:
    """Attention in stages, each of them the reference's unless given.

    Attributes:
        inputs: other queries, keys or values.
        scores: scores before the mask, ``[row, head, key]``.
        mask: which keys are seen, ``[row, key]`` or ``[row, head, key]``.
        weights: what scores and mask ``[row, 1 or head, key]`` become, ``[row, head, key]``.
        context: what weights become, ``[row, head, channel]``.
    """

    inputs: Callable[[AttentionRows], AttentionRows] = lambda rows: rows
    scores: Callable[[AttentionRows], Floats] = lambda rows: rows.scores
    mask: Callable[[AttentionRows], Bools] = lambda rows: rows.visible
    weights: Callable[[Floats, Bools], Floats] = probabilities
    context: Callable[[AttentionRows, Floats], Floats] = AttentionRows.context

    def output(self, rows: AttentionRows, op: str) -> Floats:
        """What the tap of `op` would hold: ``[row, head, channel]``, or with keys in place of channels."""
        changed = self.inputs(rows)
        scores = self.scores(changed)
        if op == "scores":
            return scores
        mask = self.mask(changed)
        weights = self.weights(scores, mask[:, None] if mask.ndim == 2 else mask)
        return weights if op == "softmax" else self.context(changed, weights)

    @property
    def precedes_softmax(self) -> bool:
        """Whether nothing but what softmax reads is changed."""
        return self.weights is probabilities and self.context is AttentionRows.context

    def __call__(self, rows: AttentionRows) -> AttentionRows:
        """`rows` with this variation in them, whose scores and mask others may change further."""
        changed = self.inputs(rows)
        mask, before = self.mask(changed), changed.granted

        def scores(others: AttentionRows) -> Floats:
            found = self.scores(replace(others, granted=before))
            return np.where(mask, found, -np.inf) if mask.ndim == 3 else found  # each head sees other keys

        seen = np.asarray(mask.any(axis=1)) if mask.ndim == 3 else mask
        return replace(changed, granted=scores, visible=seen)


def remainder(variation: Variation, sample: AttentionSample) -> float:
    """What `variation` leaves unexplained of a sample; not finite where its output is not."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(sample.squares(variation.output(sample.rows, sample.op)).sum())


def attention_predictions(
    case: SourceCase, guesses: Iterable[Guess[Variation]], *, most_left: float | None = None
) -> Iterator[Prediction]:
    """The prediction of the best of `guesses`, or none where even that leaves more of the residual than it may.

    Guesses are judged at some queries; only the best is computed at all of them.
    """
    tap = attention_tap(case)
    found = best_guess(guesses, lambda variation: remainder(variation, tap.sample))
    if found is not None and found[1] <= (most_left or case.most_left) * tap.sample.whole:
        guess = found[0]
        output = np.empty_like(tap.output)
        for chosen, rows in tap.blocks():
            output[chosen] = guess.model.output(rows, tap.op)
        prediction = whole_prediction(case, guess.sentence, output, guess.fitted)
        yield replace(prediction, assumed=_granting(guess.model, prediction.output))


def _granting(variation: Variation, output: Floats) -> Callable[[SourceCase], SourceCase] | None:
    """Take `variation`, which puts out `output`, for the reference's way; None where others can't come on top of it."""
    if not variation.precedes_softmax:
        return None
    return lambda case: replace(case, predicted=output, granted=(*case.granted, variation))


def whole_prediction(case: SourceCase, sentence: str, rows: Floats, fitted: int) -> Prediction:
    """A prediction from its values at all queries, ``[row, head, …]``; at padding, the reference's."""
    output = case.predicted.copy()
    by_token = np.moveaxis(output, case.tap.axes.index("token"), 1)  # [batch, token, head, …]
    by_token[case.reference.tokens.mask] = rows
    return Prediction(sentence, output, fitted)
