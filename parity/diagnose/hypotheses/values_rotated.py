"""RoPE on the values, which only queries and keys should have."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.attention_rows import AttentionRows
from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import whole_prediction
from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.token_rows import spread
from parity.replay.arrays import Floats
from parity.replay.ops import rotary

__all__ = ["VALUES_ROTATED"]

_ROWS = 16
_MOST_LEFT = 0.5


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Judged at a few queries with all their channels: a rotation takes pairs, of which samples hold one half."""
    settings, tap = case.settings, attention_tap(case)
    positions, frequencies = case.reference.tokens.positions, settings.inverse_frequencies
    values = rotary(tap.everything.values, positions, frequencies, scale=settings.rotary_scale)
    if not _is_promising(tap, values):
        return
    output = np.empty_like(tap.output)
    for chosen, rows in tap.blocks():
        output[chosen] = _context(rows, values)
    yield whole_prediction(case, "the values are rotated too: RoPE is applied to v", output, 0)


def _is_promising(tap: AttentionTap, values: Floats) -> bool:
    chosen = spread(len(tap.rows), _ROWS)
    left = np.square(tap.output[chosen] - _context(tap.at(chosen), values)).sum()
    return bool(left <= _MOST_LEFT * np.square(tap.output[chosen] - tap.predicted[chosen]).sum())


def _context(rows: AttentionRows, values: Floats) -> Floats:
    return rows.with_values(values).context(rows.weights)


VALUES_ROTATED = Hypothesis("values_rotated", ("attention",), _predict, rank=2)
