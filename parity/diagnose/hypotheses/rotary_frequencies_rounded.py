"""RoPE's inverse frequencies stored in 16 bits."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotary_precision import RoundedTables, rounded_table_guesses
from parity.diagnose.rotation import rotary_predictions, rotation_of

__all__ = ["ROTARY_FREQUENCIES_ROUNDED"]

_VARIANTS = (
    ("RoPE's inverse frequencies are rounded to {}", RoundedTables(frequencies=True)),
    ("RoPE's inverse frequencies, cos and sin are rounded to {}", RoundedTables(frequencies=True, tables=True)),
)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The error of the angle grows in proportion to the position; ``model.half()`` does this to a buffer."""
    return rotary_predictions(case, rounded_table_guesses(rotation_of(case), _VARIANTS))


ROTARY_FREQUENCIES_ROUNDED = Hypothesis("rotary_frequencies_rounded", ("rotary",), _predict, rank=2)
