"""Some heads left out by the rotation, as where a kernel's grid is one block short."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.words import ranges

__all__ = ["ROTARY_MISSING_IN_HEADS"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """A head that is nearer to its input than to the rotated input was not rotated."""
    mask = case.reference.tokens.mask
    output, still, turned = (array[mask] for array in (case.output, case.inputs[0], case.predicted))
    missing = np.square(output - still).sum(axis=(0, 2)) < np.square(output - turned).sum(axis=(0, 2))  # [head]
    if missing.any() and not missing.all():
        heads = f"head{'s' if missing.sum() > 1 else ''} {ranges(missing)} of {missing.size}"
        verb = "are" if missing.sum() > 1 else "is"
        mixed = np.where(missing[:, None], case.inputs[0], case.predicted)
        sentence = f"{heads} of {case.tap.kind[0]} {verb} not rotated"
        yield Prediction(sentence, mixed, int(missing.sum()))


ROTARY_MISSING_IN_HEADS = Hypothesis("rotary_missing_in_heads", ("rotary",), _predict, rank=2)
