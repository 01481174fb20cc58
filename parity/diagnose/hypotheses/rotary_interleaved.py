"""RoPE on other pairs of channels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.pair_layout import halves, interleaved
from parity.diagnose.rotation import rotary_predictions, rotation_of, turning

__all__ = ["ROTARY_INTERLEAVED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Neighbours (2i, 2i + 1) are rotated, or channels are moved from one layout to the other on the way."""
    rotation = rotation_of(case)
    model = turning(rotation.frequencies, scale=rotation.scale)
    split, neighbours = halves(rotation.channels), interleaved()
    return rotary_predictions(
        case,
        [
            Guess(
                "RoPE rotates neighbouring channels (2i, 2i + 1) instead of halves (i, i + d/2)",
                replace(model, source=neighbours, target=neighbours),
            ),
            Guess(
                "channels 0, 2, 4 … are taken for the first half and 1, 3, 5 … for the second before RoPE, as for "
                "weights in the layout of Llama's own code",
                replace(model, source=neighbours, target=split),
            ),
            Guess(
                "RoPE puts out its pairs as neighbouring channels (2i, 2i + 1) instead of halves",
                replace(model, source=split, target=neighbours),
            ),
        ],
    )


ROTARY_INTERLEAVED = Hypothesis("rotary_interleaved", ("rotary",), _predict, rank=1)
