"""The angles by which a candidate turned each pair of channels, read off its input and output."""

from __future__ import annotations

import numpy as np

from parity.diagnose.case import SourceCase
from parity.replay.arrays import Floats

__all__ = ["fitted_frequencies"]

_CANDIDATES = 4096


def fitted_frequencies(case: SourceCase) -> Floats:
    """The angle per position of each pair ``(i, i + d/2)`` that fits the candidate's rotation best.

    With z the pair as a complex number, a rotation by ω·p makes Σ conj(z_in) z_out e^(-iωp) real and maximal;
    the best ω is searched on a grid in log ω and refined twice around the best.

    Returns:
        float64, shape ``[d / 2]``, from 1e-8 to π.
    """
    turned, positions = _turns(case)  # [row, pair], [row]
    frequencies = np.empty(turned.shape[1])
    for pair in range(turned.shape[1]):
        frequencies[pair] = _best_frequency(turned[:, pair], positions)
    return frequencies


def _turns(case: SourceCase) -> tuple[np.ndarray, Floats]:
    """Σ over heads of conj(z_in)·z_out at each real token, and its position."""
    before, after = case.rows(case.inputs[0]).values, case.rows(case.output).values  # [row, head, channel]
    half = before.shape[-1] // 2
    pair_in = before[..., :half] + 1j * before[..., half:]
    pair_out = after[..., :half] + 1j * after[..., half:]
    tokens = case.reference.tokens
    return (np.conj(pair_in) * pair_out).sum(axis=1), tokens.positions[tokens.mask].astype(np.float64)


def _best_frequency(turned: np.ndarray, positions: Floats) -> float:
    low, high = np.log(1e-8), np.log(np.pi)
    for _ in range(4):
        grid = np.linspace(low, high, _CANDIDATES)
        fit = (np.exp(-1j * np.exp(grid)[:, None] * positions) @ turned).real
        best = int(fit.argmax())
        step = (high - low) / (_CANDIDATES - 1)
        low, high = grid[best] - step, grid[best] + step
    return float(np.exp(grid[best]))
