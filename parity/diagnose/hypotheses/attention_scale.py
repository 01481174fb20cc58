"""Scores scaled by another number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.attention_variation import ATTENTION_OPERATIONS, Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.temperatures import common_factor
from parity.replay.parameters import DecoderSettings

__all__ = ["ATTENTION_SCALE"]

_NEAR = 0.1


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """softmax(τ·scores); τ is solved for, and named where it is that of a usual mistake."""
    factor = common_factor(case)
    return attention_predictions(case, _guesses(factor, case.settings))


def _guesses(factor: float, settings: DecoderSettings) -> Iterator[Guess[Variation]]:
    for words, usual in _usual(settings):
        if abs(math.log(usual / factor)) < _NEAR and abs(math.log(usual)) > 1e-6:
            yield Guess(f"{words} ({_instead(usual, settings)})", _scaled(usual))
    for value, fitted in round_numbers(factor):
        yield Guess(
            f"scores are scaled by {value:.5g} times the right factor ({_instead(value, settings)})",
            _scaled(value),
            fitted,
        )


def _usual(settings: DecoderSettings) -> Iterator[tuple[str, float]]:
    """Mistakes, each with the factor by which they change the scores."""
    scale, shape = settings.attention_scale, settings.shape
    width = shape.head_dim
    yield "scores are not scaled", 1 / scale
    yield "scores are scaled twice", scale
    yield "scores are multiplied by √head_dim instead of divided", math.sqrt(width) / scale
    yield "scores are divided by head_dim instead of its root", 1 / (width * scale)
    yield "scores are divided by the root of the root of head_dim", 1 / (width**0.25 * scale)
    yield (
        "scores are divided by √(hidden/heads) instead of √head_dim",
        1 / (math.sqrt(shape.hidden / shape.heads) * scale),
    )
    yield "scores are divided by √hidden instead of √head_dim", 1 / (math.sqrt(shape.hidden) * scale)
    yield "scores are divided by √(2·head_dim) instead of √head_dim", 1 / (math.sqrt(2 * width) * scale)
    yield "scores are divided by √(head_dim/2) instead of √head_dim", 1 / (math.sqrt(width / 2) * scale)
    yield "softmax has base 2 without the factor log₂e on the scores", math.log(2)
    yield "the factor log₂e is on the scores of a softmax with base e", 1 / math.log(2)


def _instead(factor: float, settings: DecoderSettings) -> str:
    return f"{factor * settings.attention_scale:.5g} instead of {settings.attention_scale:.5g}"


def _scaled(factor: float) -> Variation:
    return Variation(scores=lambda rows: rows.scores * np.float64(factor))


ATTENTION_SCALE = Hypothesis("attention_scale", ATTENTION_OPERATIONS, _predict, rank=2)
