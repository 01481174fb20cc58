"""Rows of a fused weight that end up in the wrong part: q, k and v, or gate and up, split or ordered wrongly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, token_weights
from parity.diagnose.fused import FusedRows, fused_kinds, fused_rows, fused_weight
from parity.diagnose.fused_layouts import fused_layouts
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output, stored_bias
from parity.diagnose.matching import match_columns
from parity.diagnose.thinning import thinned

__all__ = ["FUSED_ROWS_MIXED"]

_MATCHED_SHARE = 0.5
_AGREEMENT = 0.98
_NAMED_RUNS = 8
_PROBES = 64

Indices = npt.NDArray[np.int64]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Each output channel is looked up among all rows that read the same input."""
    if len(fused_kinds(case)) == 1:
        return
    thin = thinned(case)
    pool = fused_rows(thin)
    found = _partners(thin, pool)
    if found is None or len({pool.where(row)[0] for row in np.unique(found)} | {case.tap.kind}) == 1:
        return
    weight, bias = fused_weight(case), pool.bias
    for sentence, rows, fitted in _readings(case, pool, found):
        for words, added in (("", bias[rows]), (", the bias is not", stored_bias(case))):
            output = linear_output(case, weight=weight[rows], bias=added)
            yield Prediction(sentence + words, output, fitted)
            if not bias.any():
                break


def _partners(thin: SourceCase, pool: FusedRows) -> Indices | None:
    """The fused row of each output channel; the channel's own where nothing resembles it."""
    output, weights = columns(thin, thin.output), token_weights(thin)
    start = pool.starts[pool.kinds.index(thin.tap.kind)]
    own = start + np.arange(output.shape[1])
    probes = np.unique(np.linspace(0, own.size - 1, _PROBES).astype(np.int64))
    few = match_columns(output[:, probes], pool.outputs, weights=weights, own=own[probes])
    if few is None or few.share < _MATCHED_SHARE:
        return None
    found = match_columns(output, pool.outputs, weights=weights, own=own)
    assert found is not None
    return np.where(found.partner >= 0, found.partner, own)


def _readings(case: SourceCase, pool: FusedRows, found: Indices) -> Iterator[tuple[str, Indices, int]]:
    """A known layout that agrees with what was found, and what was found as it is."""
    for name, rows in fused_layouts(pool, case.tap.kind, case.settings.shape):
        if np.mean(rows == found) > _AGREEMENT:
            yield name, rows, 1
    starts = np.flatnonzero(np.diff(found, prepend=found[0] - 2) != 1)
    if starts.size <= _NAMED_RUNS:
        stops = np.append(starts[1:], found.size)
        parts = [_part(pool, found, start, stop) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
        yield "; ".join(parts), found, 2 * starts.size
    else:
        others = {kind: int((np.array([pool.where(row)[0] for row in found]) == kind).sum()) for kind in pool.kinds}
        counted = ", ".join(f"{count} of {kind}" for kind, count in others.items() if count)
        yield f"the rows of the fused weights are mixed up: {case.tap.kind} shows {counted}", found, found.size


def _part(pool: FusedRows, found: Indices, start: int, stop: int) -> str:
    kind, row = pool.where(int(found[start]))
    end_kind, end = pool.where(int(found[stop - 1]))
    rows = f"rows {row}–{end} of {kind}" if kind == end_kind else f"rows {row} of {kind} to {end} of {end_kind}"
    return f"channels {start}–{stop - 1} are {rows}"


FUSED_ROWS_MIXED = Hypothesis("fused_rows_mixed", ("linear",), _predict, rank=3)
