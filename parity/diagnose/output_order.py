"""The order in which a candidate puts out the channels of the reference, if it does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, token_weights
from parity.diagnose.matching import match_columns
from parity.diagnose.permutation import Order, named_order
from parity.diagnose.remembered import remembered
from parity.diagnose.thinning import thinned
from parity.diagnose.words import head_layout

__all__ = ["output_order"]

_PROBES = 64
_MATCHED_SHARE = 0.5
_WIDE = 1024
_WIDEST = 16384


@remembered
def output_order(case: SourceCase) -> Order | None:
    """The order of the output channels, read off their values; None where they are in order or not the same.

    Of very wide taps (a vocabulary) only a shift is looked for; of wide ones, nothing that leaves 64 probes alone.
    """
    thin = thinned(case)
    output, predicted, weights = columns(thin, thin.output), columns(thin, thin.predicted), token_weights(thin)
    width = output.shape[1]
    probes = np.unique(np.linspace(0, width - 1, _PROBES).astype(np.int64))
    found = match_columns(output[:, probes], predicted, weights=weights, own=probes)
    if found is None or found.share < _MATCHED_SHARE:
        return None
    if width > _WIDEST:
        return _shift(found.partner, probes, width)
    if width > _WIDE and (found.partner == probes)[found.partner >= 0].all():
        return None
    everything = np.arange(width)
    matches = match_columns(output, predicted, weights=weights, own=everything)
    assert matches is not None
    return named_order(matches.partner, *head_layout(case.tap))


def _shift(partner: npt.NDArray[np.int64], probes: npt.NDArray[np.int64], width: int) -> Order | None:
    steps, counts = np.unique((partner - probes)[partner >= 0] % width, return_counts=True)
    shift = int(steps[counts.argmax()])
    if shift == 0:
        return None
    back = shift - width if shift > width // 2 else shift
    return Order(f"shifted by {back}", (np.arange(width) + shift) % width)
