"""Queries scaled by the logarithm of their position (Su 2021; Qwen-1's use_logn_attn)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.logn import logn_scale, solved_length
from parity.diagnose.rotation import Complexes, Rotation, Turning, rotary_predictions, rotation_of, turning
from parity.diagnose.token_rows import TokenRows

__all__ = ["ROTARY_LOGN"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Position p is multiplied by max(1, log(p + 1)/log(L)) with L the trained length."""
    return rotary_predictions(case, _guesses(rotation_of(case)))


def _guesses(rotation: Rotation) -> Iterator[Guess[Turning]]:
    rows, turns = rotation.rows, rotation.turns
    unit = turning(rotation.frequencies, scale=rotation.scale).factors(rows)
    weights = (turns.weights * np.abs(unit) ** 2).sum(axis=1)  # [row]
    scales = (turns.weights * (np.conj(unit) * turns.factors).real).sum(axis=1) / np.maximum(weights, 1e-300)
    for clamped, words in ((True, "from position L on"), (False, "at every position")):
        length = solved_length(rows.positions, scales, weights, clamped=clamped)
        if length is not None:
            sentence = f"logn: multiplied by log(position + 1)/log(L), L = {length}, {words}"
            yield Guess(sentence, _scaled(rotation, length, clamped=clamped), 1)


def _scaled(rotation: Rotation, length: int, *, clamped: bool) -> Turning:
    plain = turning(rotation.frequencies, scale=rotation.scale)

    def factors(rows: TokenRows) -> Complexes:
        table: Complexes = plain.factors(rows) * logn_scale(rows.positions, length, clamped=clamped)[:, None]
        return table

    return Turning(factors)


ROTARY_LOGN = Hypothesis("rotary_logn", ("rotary",), _predict, rank=2)
