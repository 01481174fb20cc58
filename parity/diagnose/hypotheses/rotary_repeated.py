"""RoPE applied more than once."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import rotary_predictions, rotation_of, turning

__all__ = ["ROTARY_REPEATED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """n rotations by ωp turn by nωp, and scale by the n-th power."""
    rotation = rotation_of(case)
    return rotary_predictions(
        case,
        [
            Guess(f"RoPE is applied {word}", turning(times * rotation.frequencies, scale=rotation.scale**times))
            for times, word in ((2, "twice"), (3, "three times"))
        ],
    )


ROTARY_REPEATED = Hypothesis("rotary_repeated", ("rotary",), _predict, rank=1)
