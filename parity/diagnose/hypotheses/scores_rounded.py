"""Scores rounded to 16 bits."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.attention_precision import coarser_sixteen_bits
from parity.diagnose.attention_rows import AttentionRows
from parity.diagnose.attention_variation import ATTENTION_OPERATIONS, Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.formats import Format
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["SCORES_ROUNDED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """q·k is rounded before it is scaled, after it, or at both places as transformers' eager attention does."""
    scale, guesses = case.settings.attention_scale, []
    for format_ in coarser_sixteen_bits(case):
        guesses += [
            Guess(f"scores are rounded to {format_.short}", _rounded(format_, scale, before=False, after=True)),
            Guess(
                f"q·k is rounded to {format_.short} before it is scaled",
                _rounded(format_, scale, before=True, after=False),
            ),
            Guess(f"q·k and scores are rounded to {format_.short}", _rounded(format_, scale, before=True, after=True)),
        ]
    return attention_predictions(case, guesses)


def _rounded(format_: Format, scale: float, *, before: bool, after: bool) -> Variation:
    def scores(rows: AttentionRows) -> Floats:
        found = format_.nearest(rows.scores / scale) * scale if before else rows.scores
        return format_.nearest(found) if after else found

    return Variation(scores=scores)


SCORES_ROUNDED = Hypothesis("scores_rounded", ATTENTION_OPERATIONS, _predict, rank=3)
