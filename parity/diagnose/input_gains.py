"""By how much each input channel of a linear tap counts in the candidate's output."""

from __future__ import annotations

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import LinearExcerpt, linear_excerpt
from parity.diagnose.remembered import remembered
from parity.replay.arrays import Floats

__all__ = ["input_gains"]

_BLOCKS = 512
_EQUATIONS_PER_UNKNOWN = 2
_CERTAIN = 0.1


@remembered
def input_gains(case: SourceCase) -> Floats | None:
    """Least-squares factors on the input channels, ``[in]``, in blocks where there are more than 512 of them.

    With P_b the part of the sum that block b contributes, the residual is Σ (gain_b - 1)·P_b. Blocks whose gain
    the data do not fix take that of the block before.

    Returns:
        None where there are too few tokens to tell.
    """
    excerpt = linear_excerpt(case)
    width = excerpt.x.shape[1]
    size = next(size for size in range(-(-width // _BLOCKS), width + 1) if width % size == 0)
    if excerpt.output.size < _EQUATIONS_PER_UNKNOWN * width // size:
        return None
    normal, right = _normal_equations(excerpt, size)
    scale = np.sqrt(np.diag(normal))
    usable = scale > 1e-6 * max(scale.max(), 1e-300)
    unit = np.where(usable, scale, 1.0)
    eigenvalues, vectors = np.linalg.eigh(normal / np.outer(unit, unit))
    kept = eigenvalues > 1e-7 * eigenvalues.max()
    inverse = (vectors[:, kept] / eigenvalues[kept]) @ vectors[:, kept].T
    excess = inverse @ (right / unit) / unit  # [block]
    deviation = np.sqrt(np.maximum(np.diag(inverse), 0)) / unit * _noise(excerpt, normal, right, excess)
    known = usable & (deviation < _CERTAIN)
    last = np.maximum.accumulate(np.where(known, np.arange(known.size), -1))
    filled = np.where(last >= 0, excess[np.maximum(last, 0)], 0.0)
    return 1 + np.repeat(filled, size)


def _normal_equations(excerpt: LinearExcerpt, size: int) -> tuple[Floats, Floats]:
    """Products of the blocks' parts with each other and with the residual."""
    rows, width = excerpt.x.shape
    if size == 1:
        normal = (excerpt.x.T @ excerpt.x) * (excerpt.weight.T @ excerpt.weight)
        return normal, ((excerpt.residual @ excerpt.weight) * excerpt.x).sum(axis=0)
    x = excerpt.x.reshape(rows, -1, size).transpose(1, 0, 2)  # [block, row, in]
    weight = excerpt.weight.reshape(len(excerpt.weight), -1, size).transpose(1, 2, 0)  # [block, in, channel]
    parts = (x @ weight).reshape(width // size, -1)  # [block, row · channel]
    return parts @ parts.T, parts @ excerpt.residual.ravel()


def _noise(excerpt: LinearExcerpt, normal: Floats, right: Floats, excess: Floats) -> float:
    """The standard deviation of what the fit leaves."""
    left = np.square(excerpt.residual).sum() - 2 * excess @ right + excess @ normal @ excess
    return float(np.sqrt(max(left, 0.0) / excerpt.residual.size))
