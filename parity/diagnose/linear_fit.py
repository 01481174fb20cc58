"""Solving for a linear map from inputs and outputs."""

from __future__ import annotations

import numpy as np

from parity.replay.arrays import Floats

__all__ = ["fitted_map"]

_RIDGE = 1e-12


def fitted_map(x: Floats, y: Floats, *, weights: Floats) -> Floats:
    """The map M that brings ``x M`` nearest to `y`, ``[in, out]``.

    The normal equations with a negligible ridge take a tenth of the time of an orthogonal decomposition; errors of
    1e-6, which they make of badly conditioned inputs in float64, don't matter for a guess.

    Args:
        x: ``[row, in]``, with more rows than columns.
        y: ``[row, out]``.
        weights: how much each row counts, ``[row]``.
    """
    design = x * weights[:, None]
    normal = design.T @ design
    ridge = _RIDGE * np.trace(normal) / len(normal) * np.eye(len(normal))
    solved: Floats = np.linalg.solve(normal + ridge, design.T @ (y * weights[:, None]))
    return solved
