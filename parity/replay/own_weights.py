"""Whether replay works with the weights of the truth: then it gives the truth's own outputs back."""

from __future__ import annotations

from parity.dtypes import dtype_info
from parity.taps import Tap

__all__ = ["truth_distance_allowed"]

_TRUTH_ROUNDINGS = 1e3
_FREQUENCY_ULP = 2.0**-23


def truth_distance_allowed(tap: Tap, *, dtype: str, last_position: int) -> float:
    """How far, as rel-L2, the truth's output may be from replay on the truth's inputs.

    A thousand unit roundoffs of its own dtype. In rotary embeddings also what one unit of the last place of a frequency
    turns: transformers' frequencies are fp32 numbers, and PyTorch's power may round them to the neighbour of replay's.

    Args:
        tap: whose output.
        dtype: what the truth computes in.
        last_position: the largest position of the tokens.
    """
    own = _TRUTH_ROUNDINGS * dtype_info(dtype).unit_roundoff
    return own + (last_position * _FREQUENCY_ULP if tap.op == "rotary" else 0.0)
