"""An error in few directions: weights that differ by a matrix of low rank, as by an adapter that one side lacks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, token_weights
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["LOW_RANK_UPDATE"]

_ABOVE_NOISE = 2.0
_FEWEST_PER_DIRECTION = 4


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The residual's singular values end abruptly: behind the first r of them there is nothing but noise.

    Of n tokens and m channels of unit noise, no singular value is above √n + √m by much (Marchenko and Pastur 1967).
    """
    weights = token_weights(case)[:, None]
    residual = columns(case, case.residual)
    rows, width = residual.shape
    scaled = residual * weights * width**0.5  # each element in units of its noise
    left, sizes, right = np.linalg.svd(scaled, full_matrices=False)
    rank = int((sizes > _ABOVE_NOISE * (rows**0.5 + width**0.5)).sum())
    if not 1 <= rank <= min(rows, width) // _FEWEST_PER_DIRECTION:
        return
    kept = (left[:, :rank] * sizes[:rank]) @ right[:rank]
    change = np.divide(kept, weights * width**0.5, out=np.zeros_like(kept), where=weights > 0)
    plural = "direction" if rank == 1 else "directions"
    sentence = (
        f"the error lies in {rank} {plural} of {width}, as where an adapter of that rank was merged into one side"
    )
    yield Prediction(sentence, _in_place(case, change), rank * (rows + width - rank))


def _in_place(case: SourceCase, change: Floats) -> Floats:
    """The reference's output with `change` ``[row, width]`` at real tokens."""
    output: Floats = case.predicted.copy()
    output[case.reference.tokens.mask] += change.reshape(len(change), *output.shape[2:])
    return output


LOW_RANK_UPDATE = Hypothesis("low_rank_update", ("linear",), _predict, rank=65, needs_all_tokens=True)
