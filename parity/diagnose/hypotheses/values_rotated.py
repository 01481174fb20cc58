"""RoPE on the values, which only queries and keys should have."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.attention_rows import AttentionRows
from parity.diagnose.attention_tap import attention_tap, channels_of
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.ops import rotary

__all__ = ["VALUES_ROTATED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    settings, values = case.settings, attention_tap(case).everything.values
    positions, frequencies = case.reference.tokens.positions, settings.inverse_frequencies
    rotated = rotary(values, positions, frequencies, scale=settings.rotary_scale)

    def inputs(rows: AttentionRows) -> AttentionRows:
        return rows.with_values(channels_of(rotated, rows))

    guess = Guess("the values are rotated too: RoPE is applied to v", Variation(inputs=inputs))
    return attention_predictions(case, [guess])


VALUES_ROTATED = Hypothesis("values_rotated", ("attention",), _predict, rank=2)
