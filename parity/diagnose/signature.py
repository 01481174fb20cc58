"""What an unexplained residual looks like, in words: where it is, what it follows, how large it is."""

from __future__ import annotations

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.finite import tokens_with_bad_inputs
from parity.diagnose.formats import FORMATS
from parity.diagnose.residual import Residual, residual_of
from parity.diagnose.signature_place import BEYOND_NOISE, channel_words, token_words
from parity.diagnose.signature_relation import relation_words
from parity.diagnose.words import ranges
from parity.dtypes import ROUNDING_REL_L2, DtypeInfo

__all__ = ["describe"]

_MORE_THAN_NOISE = 1.3
_NEAR = 3.0
_FEW = 30


def describe(case: SourceCase) -> str:
    """The structure of what `case` does wrong, in plain sentences; says so where it has none."""
    residual = residual_of(case)
    if residual.energy == 0:
        return _non_finite_words(case) or "The output is exactly what the reference's operation gives."
    if (residual.ratio <= BEYOND_NOISE).all() and not _non_finite_words(case):
        return _quiet_words(residual, case.dtype)
    found = [*token_words(residual), *channel_words(residual, case.tap), *relation_words(case, residual)]
    structure = "; ".join(found) if found else "it has no structure: random over tokens and channels, with mean zero"
    size = _size_words(residual, "" if found else _rounding_words(residual, case.dtype))
    return " ".join(part for part in (_non_finite_words(case), size, f"{structure}.") if part)


def _quiet_words(residual: Residual, dtype: DtypeInfo) -> str:
    """For residuals in which no token stands out of the noise."""
    if np.median(residual.ratio) <= _MORE_THAN_NOISE:
        return f"{_size_words(residual, '')} nothing is beyond noise."
    size = _size_words(residual, _rounding_words(residual, dtype))
    return (
        f"{size} more than noise at most tokens, and none stands out, as where sums or values are rounded more often."
    )


def _non_finite_words(case: SourceCase) -> str:
    came_in = tokens_with_bad_inputs(case)
    if came_in.any():
        return f"At tokens {ranges(came_in)} what came in is not finite, which says nothing of this operation."
    bad = ~np.isfinite(columns(case, case.output))
    if not bad.any():
        return ""
    row, channel = (int(place) for place in np.argwhere(bad)[0])
    return f"{int(bad.sum())} of {bad.size} values are not finite, the first in channel {channel} of token {row}."


def _size_words(residual: Residual, more: str) -> str:
    """Relative size and R."""
    relative, ratio = _relative(residual), residual.ratio
    of_output = "The residual" if relative is None else f"The residual is {relative:.3g} of the output"
    return f"{of_output} (R {np.median(ratio):.3g}, at the worst token {ratio.max():.3g}{more}):"


def _rounding_words(residual: Residual, dtype: DtypeInfo) -> str:
    """How many roundings of the candidate's own dtype make as much noise, or one or two of another format."""
    relative = _relative(residual)
    if not relative:
        return ""
    own = relative / (ROUNDING_REL_L2 * dtype.unit_roundoff)
    if own < _FEW:
        return f", as much as {own:.2g} roundings to the candidate's own {dtype.short}"
    roundings = {
        format_.short: relative / (ROUNDING_REL_L2 * format_.unit_roundoff)
        for format_ in FORMATS
        if format_.short != "TF32"
    }
    name = min(roundings, key=lambda short: abs(np.log(roundings[short])))
    near = 1 / _NEAR < roundings[name] < _NEAR
    return f", as much as {roundings[name]:.2g} roundings to {name}" if near else ""


def _relative(residual: Residual) -> float | None:
    """‖residual‖ / ‖output‖; None where the output should be zero."""
    scale = float(np.einsum("rc,rc->", residual.predicted, residual.predicted))
    return float(np.sqrt(residual.energy / scale)) if scale > 0 else None
