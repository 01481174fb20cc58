"""Which precision the reference runs in: it has to be finer than what it judges."""

from __future__ import annotations

from parity.dtypes import dtype_info
from parity.errors import ParityError
from parity.options import TRUTH
from parity.taps import TapGraph, count_parameters

__all__ = ["SMALL_MODEL", "choose_truth"]

SMALL_MODEL = 200_000_000
"""Parameters below which an fp64 reference costs little, in time and memory, on a laptop."""


def choose_truth(asked: str, *, candidate_dtype: str | None, graph: TapGraph) -> str:
    """The reference's dtype (``fp32`` or ``fp64``).

    An fp32 reference cannot judge an fp32 candidate: its own noise floor would be a run of itself, so that R would
    divide by nothing.

    Args:
        asked: ``auto``, ``fp32`` or ``fp64``.
        candidate_dtype: what the candidate computes in; None where it is not known yet.
        graph: the reference's taps, from which its size is estimated.

    Raises:
        ParityError: fp32 was asked for and the candidate computes in fp32 or finer.
    """
    fine = candidate_dtype is not None and dtype_info(candidate_dtype).unit_roundoff <= dtype_info("fp32").unit_roundoff
    if asked == "fp32" and fine:
        raise ParityError(
            f"{TRUTH.flag} fp32 can't judge a candidate that computes in {candidate_dtype}: the noise floor, which is "
            "the reference in that dtype, would be the truth itself",
            cure=f"use {TRUTH.flag} fp64, or leave it out",
        )
    if asked != "auto":
        return asked
    return "fp64" if fine or count_parameters(graph) < SMALL_MODEL else "fp32"
