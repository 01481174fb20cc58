"""RoPE with the sign of the angle turned round."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import rotary_predictions, rotation_of, turning

__all__ = ["ROTARY_BACKWARDS"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """``x·cos - rotate_half(x)·sin``: the halves in rotate_half exchanged, or the minus sign on the wrong one."""
    rotation = rotation_of(case)
    sentence = "RoPE turns backwards: the sign of sin, or of rotate_half, is reversed"
    return rotary_predictions(case, [Guess(sentence, turning(-rotation.frequencies, scale=rotation.scale))])


ROTARY_BACKWARDS = Hypothesis("rotary_backwards", ("rotary",), _predict, rank=1)
