"""The sum over values kept in 16 bits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from parity.diagnose.attention_precision import running_sum, sixteen_bits
from parity.diagnose.attention_rows import AttentionRows
from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import Variation, attention_predictions, remainder
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.formats import Format
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["CONTEXT_ACCUMULATED"]

_TILES = (1, 8, 16, 32, 64, 128)
_LEAST, _MOST = 0.3, 300.0


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Σ p·v is rounded after every tile of keys; the error grows with their number. Tile and format are solved for."""
    tap, guesses = attention_tap(case), []
    error = np.sqrt(tap.sample.whole / max(float(np.square(tap.sample.predicted).sum()), 1e-300))
    for format_ in sixteen_bits(case):
        if _LEAST <= error / format_.unit_roundoff <= _MOST:
            tile = _best_tile(tap, format_)
            words = "key" if tile == 1 else f"{tile} keys"
            sentence = f"the context is accumulated in {format_.short}, rounded after every {words}"
            guesses.append(Guess(sentence, _accumulated(format_, tile), 1))
    return attention_predictions(case, guesses)


def _best_tile(tap: AttentionTap, format_: Format) -> int:
    costs = [remainder(_accumulated(format_, tile), tap.few) for tile in _TILES]
    return _TILES[int(np.argmin(costs))]


def _accumulated(format_: Format, tile: int) -> Variation:
    """Probabilities are operands of the product, so they are rounded too."""

    def context(rows: AttentionRows, weights: Floats) -> Floats:
        rounded, parts = format_.nearest(weights), []
        for start in range(0, weights.shape[-1], tile):
            keys = slice(start, start + tile)
            parts.append(replace(rows, values=rows.values[:, keys]).context(rounded[..., keys]))
        return running_sum(parts, format_)

    return Variation(context=context)


CONTEXT_ACCUMULATED = Hypothesis("context_accumulated", ("attention",), _predict, rank=4)
