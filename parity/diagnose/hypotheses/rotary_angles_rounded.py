"""RoPE's positions or angles computed in 16 bits."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotary_precision import RoundedTables, rounded_table_guesses
from parity.diagnose.rotation import rotary_predictions, rotation_of

__all__ = ["ROTARY_ANGLES_ROUNDED"]

_VARIANTS = (
    ("positions are rounded to {}, which has no whole numbers beyond some length", RoundedTables(positions=True)),
    ("RoPE's angles are rounded to {}", RoundedTables(angles=True)),
    ("RoPE's positions and angles are rounded to {}", RoundedTables(positions=True, angles=True)),
    ("RoPE's frequencies and angles are rounded to {}", RoundedTables(frequencies=True, angles=True)),
    ("RoPE's frequencies, positions and angles are in {}", RoundedTables(True, True, True)),
    ("RoPE's angles, cos and sin are rounded to {}", RoundedTables(angles=True, tables=True)),
    (
        "RoPE's positions, angles, cos and sin are rounded to {}",
        RoundedTables(positions=True, angles=True, tables=True),
    ),
    ("RoPE's frequencies, positions, angles, cos and sin are all in {}", RoundedTables(True, True, True, True)),
)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """bf16 has whole numbers up to 256 and fp16 up to 2048; an angle has far fewer places after the point."""
    return rotary_predictions(case, rounded_table_guesses(rotation_of(case), _VARIANTS))


ROTARY_ANGLES_ROUNDED = Hypothesis("rotary_angles_rounded", ("rotary",), _predict, rank=2)
