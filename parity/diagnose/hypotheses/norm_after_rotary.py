"""A head norm that reads rotated heads: norm and rotary embedding in the wrong order."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import norm_weight
from parity.replay.ops import rms_norm, rotary

__all__ = ["NORM_AFTER_ROTARY"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    if case.inputs[0].ndim != 4:
        return
    settings = case.settings
    positions, inverse = case.reference.tokens.positions, settings.inverse_frequencies
    rotated = rotary(case.inputs[0], positions, inverse, scale=settings.rotary_scale)
    output = rms_norm(rotated, norm_weight(case), epsilon=settings.norm_epsilon)
    yield Prediction("normalised after the rotary embedding instead of before it", output)


NORM_AFTER_ROTARY = Hypothesis("norm_after_rotary", ("rms_norm",), _predict, rank=1)
