"""The seam for causes: a hypothesis predicts what the candidate would have put out, were it true."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from parity.diagnose.case import SourceCase
from parity.replay.arrays import Floats

__all__ = ["CHANNEL_OPERATIONS", "DESCRIPTION_RANK", "EVERY_OPERATION", "Hypothesis", "Prediction"]

CHANNEL_OPERATIONS = ("embedding", "rms_norm", "linear", "rotary", "attention", "add", "silu_mul")
"""Operations whose taps have a channel axis of fixed meaning."""

DESCRIPTION_RANK = 50
"""From this rank on, a hypothesis describes what many causes look like; below, it names one."""

EVERY_OPERATION = (*CHANNEL_OPERATIONS, "scores", "softmax")


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the candidate would have put out.

    Attributes:
        sentence: the cause in words, with its solved parameters: ``RoPE base 10000 instead of 1000000``.
        output: float64, axes of the tap.
        fitted: how many numbers were fitted to the candidate's output; of two predictions that explain it
            equally well, the one with fewer is the better cause.
        copied: it is a tensor that the candidate put out, with its noise, and leaves less than the right cause would.
        assumed: gives the case as it would be with this fault in the reference, so that a second one can be looked for;
            None where that is not known.
    """

    sentence: str
    output: Floats
    fitted: int = 0
    copied: bool = False
    assumed: Callable[[SourceCase], SourceCase] | None = None


@dataclass(frozen=True)
class Hypothesis:
    """One kind of fault.

    Attributes:
        name: a stable identifier in snake case, for example ``bias_missing``.
        ops: the operations (`Tap.op`) whose taps it may explain.
        predict: yields predictions for a case, none where it can't apply; parameters are solved for, not only
            looked up.
        rank: among equally good predictions the lower rank is named first; specific causes have low ranks,
            descriptions that fit many causes have high ones (`DESCRIPTION_RANK` and above).
        needs_all_tokens: it can't be tried on some tokens first, because it is about how tokens relate.
        about_non_finite: it explains NaN or infinite outputs, which no other hypothesis gets to see.
    """

    name: str
    ops: tuple[str, ...]
    predict: Callable[[SourceCase], Iterable[Prediction]]
    rank: int = 10
    needs_all_tokens: bool = False
    about_non_finite: bool = False
