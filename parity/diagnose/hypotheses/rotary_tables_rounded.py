"""RoPE's cos and sin stored in 16 bits."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotary_precision import RoundedTables, rounded_table_guesses
from parity.diagnose.rotation import rotary_predictions, rotation_of

__all__ = ["ROTARY_TABLES_ROUNDED"]

_VARIANTS = (("RoPE's cos and sin are rounded to {}", RoundedTables(tables=True)),)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Transformers itself casts both to the model's dtype, so this is a fault only where that is finer."""
    return rotary_predictions(case, rounded_table_guesses(rotation_of(case), _VARIANTS))


ROTARY_TABLES_ROUNDED = Hypothesis("rotary_tables_rounded", ("rotary",), _predict, rank=2)
