"""A case without the tokens at which infinities or NaN came in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.thinning import is_tokenwise
from parity.replay.replay import Reference
from parity.tokens import TokenBatch

__all__ = ["tokens_with_bad_inputs", "with_finite_inputs"]


def tokens_with_bad_inputs(case: SourceCase) -> npt.NDArray[np.bool_]:
    """Real tokens at which the reference's operation gives infinities or NaN on the captured inputs, ``[row]``."""
    finite = np.isfinite(columns(case, case.predicted))
    return np.asarray(~finite.all(axis=1))


def with_finite_inputs(case: SourceCase) -> SourceCase | None:
    """`case` without such tokens: of those, nothing can be said but that the trouble came in.

    Returns:
        None where a prompt has no other tokens, or where the operation looks across tokens.
    """
    bad, mask = tokens_with_bad_inputs(case), case.reference.tokens.mask
    if not bad.any():
        return case
    kept = mask.copy()
    kept[mask] = ~bad
    if not is_tokenwise(case) or not kept.any(axis=1).all():
        return None
    tokens = TokenBatch(case.reference.tokens.ids, kept, case.reference.tokens.positions)
    floor = case.floor and case.floor.at(~bad)
    return replace(case, reference=Reference(case.reference.weights, tokens), floor=floor)
