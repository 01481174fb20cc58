"""An error of low rank, as of an adapter that was merged into the weights, or left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, token_weights
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["LOW_RANK"]

_LEAST, _MOST = 2, 64
_DROP = 10.0
_PER_RANK = 4
_FAINT = 0.01


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The residual ``[row, out]`` of an adapter of rank r has r singular values (Hu et al. 2021, arXiv 2106.09685).

    One alone is what a constant or a single channel makes, so r is at least two; behind the last of them the
    singular values fall by at least a factor of ten. Errors of few tokens or few channels have no higher rank than
    there are of them, whatever they come from, so a rank must be small beside both numbers.
    """
    weights = token_weights(case)[:, None]
    residual = columns(case, case.residual) * weights
    sizes, channels = _principal(residual)
    rank = _rank(sizes)
    if rank is None or rank * _PER_RANK > min(_affected(residual, axis) for axis in (0, 1)):
        return
    basis = channels(rank)
    output = case.predicted.copy()
    shape = case.output.shape[2:]
    output[case.reference.tokens.mask] += (columns(case, case.residual) @ basis @ basis.T).reshape(-1, *shape)
    sentence = f"the weights differ by a matrix of rank {rank}, as where a LoRA adapter is merged, or left out"
    yield Prediction(sentence, output, rank * (len(residual) + residual.shape[1]))


def _principal(residual: Floats) -> tuple[Floats, Callable[[int], Floats]]:
    """Singular values of ``[row, out]``, the largest first, and the first so many directions ``[out, direction]``.

    The eigenvalues of either Gram matrix are their squares; of many rows or many channels the smaller one is formed.
    """
    wide = len(residual) < residual.shape[1]
    squares, vectors = np.linalg.eigh(residual @ residual.T if wide else residual.T @ residual)
    sizes, vectors = np.sqrt(np.maximum(squares[::-1], 0)), vectors[:, ::-1]
    return sizes, lambda count: residual.T @ (vectors[:, :count] / sizes[:count]) if wide else vectors[:, :count]


def _rank(sizes: Floats) -> int | None:
    """Behind which of the decreasing singular values the largest drop is; None where there is none to speak of."""
    candidates = sizes[: min(_MOST, sizes.size // 4) + 1]
    if candidates.size <= _LEAST or candidates[0] == 0:
        return None
    drops = candidates[:-1] / np.maximum(candidates[1:], 1e-12 * candidates[0])
    rank = int(drops.argmax()) + 1
    return rank if rank >= _LEAST and drops[rank - 1] >= _DROP else None


def _affected(residual: Floats, axis: int) -> int:
    """How many channels (axis 0 summed) or tokens (axis 1) err by more than a hundredth of the worst one's error."""
    sizes = np.sqrt((residual * residual).sum(axis=axis))
    return int((sizes > _FAINT * sizes.max()).sum())


LOW_RANK = Hypothesis("low_rank", ("linear",), _predict, rank=62, needs_all_tokens=True)
