"""Softmax in 16 bits."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from parity.diagnose.attention_precision import coarser_sixteen_bits, running_sum, sixteen_bits
from parity.diagnose.attention_rows import Bools
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.formats import Format
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats
from parity.replay.ops import probabilities

__all__ = ["PROBABILITIES_ROUNDED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Rounded at the end, at both ends, before the division, or at every step and in the sum."""
    guesses = []
    for format_ in coarser_sixteen_bits(case):
        short = format_.short
        guesses += [
            Guess(f"the probabilities are rounded to {short}", Variation(weights=_result(format_))),
            Guess(
                f"scores and probabilities are rounded to {short}, softmax itself is not",
                Variation(weights=_ends(format_)),
            ),
            Guess(f"exponentials are rounded to {short} before they are divided", Variation(weights=_powers(format_))),
            Guess(f"exponentials are rounded to {short}, their sum is not", Variation(weights=_unevenly(format_))),
        ]
    for format_ in sixteen_bits(case):
        guesses.append(
            Guess(f"softmax is computed and summed in {format_.short}", Variation(weights=_every_step(format_)))
        )
    return attention_predictions(case, guesses)


def _exponentials(scores: Floats, mask: Bools) -> Floats:
    visible = np.where(mask, scores, -np.inf)
    powers: Floats = np.exp(visible - visible.max(axis=-1, keepdims=True))
    return powers


def _result(format_: Format) -> Callable[[Floats, Bools], Floats]:
    return lambda scores, mask: format_.nearest(probabilities(scores, mask))


def _ends(format_: Format) -> Callable[[Floats, Bools], Floats]:
    """A 16-bit softmax that computes in fp32, as most libraries have it."""
    return lambda scores, mask: format_.nearest(probabilities(format_.nearest(scores), mask))


def _powers(format_: Format) -> Callable[[Floats, Bools], Floats]:
    def weights(scores: Floats, mask: Bools) -> Floats:
        powers = format_.nearest(_exponentials(scores, mask))
        found: Floats = powers / powers.sum(axis=-1, keepdims=True)
        return found

    return weights


def _unevenly(format_: Format) -> Callable[[Floats, Bools], Floats]:
    def weights(scores: Floats, mask: Bools) -> Floats:
        powers = _exponentials(scores, mask)
        found: Floats = format_.nearest(powers) / powers.sum(axis=-1, keepdims=True)
        return found

    return weights


def _every_step(format_: Format) -> Callable[[Floats, Bools], Floats]:
    def weights(scores: Floats, mask: Bools) -> Floats:
        visible = np.where(mask, format_.nearest(scores), -np.inf)
        powers = format_.nearest(np.exp(format_.nearest(visible - visible.max(axis=-1, keepdims=True))))
        total = running_sum(np.moveaxis(powers, -1, 0), format_)[..., None]
        return format_.nearest(powers / total)

    return weights


PROBABILITIES_ROUNDED = Hypothesis("probabilities_rounded", ("softmax", "attention"), _predict, rank=3)
