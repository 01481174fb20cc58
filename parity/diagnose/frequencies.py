"""The angle per position of each rotated pair, fitted without a model of how the pairs hang together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parity.replay.arrays import Floats

__all__ = ["FrequencyFit", "fit_frequencies", "plain_base", "plain_frequencies", "with_base"]

_OVERSAMPLING = 8
_FP32_LAST_PLACES = 2.0**-22
_NEWTON_STEPS = 12


@dataclass(frozen=True, eq=False)
class FrequencyFit:
    """The best frequency of each pair.

    Attributes:
        values: radians per position in (-π, π], ``[pair]``; negative where the candidate rotates backwards.
        information: curvature of the fit, ``[pair]``: a model ω that misses `values` by δ leaves about
            information·δ² more; frequencies that the prompts are too short to tell have little.
        amplitude: factor on the pair's length, ``[pair]``.
        distinct_positions: how many positions other than 0 the fit rests on.
    """

    values: Floats
    information: Floats
    amplitude: Floats
    distinct_positions: int

    def nearest(self, frequencies: Floats) -> Floats:
        """`frequencies` ``[pair]`` with the last place of fp32 that fits best.

        Engines keep them in fp32 and make them there by several roads; which of the neighbouring numbers came out
        is no fault, but turns the last tokens of a long prompt by more than fp32's noise.
        """
        slack = _FP32_LAST_PLACES * np.abs(frequencies)
        near = np.clip(self.beside(frequencies), frequencies - slack, frequencies + slack)
        return np.where(self.information > 0, near, frequencies)

    def beside(self, frequencies: Floats) -> Floats:
        """`values` as near to `frequencies` as whole turns bring them, which whole positions can't tell."""
        whole: Floats = self.values + 2 * np.pi * np.round((frequencies - self.values) / (2 * np.pi))
        return whole


def fit_frequencies(products: npt.NDArray[np.complex128], weights: Floats, positions: Floats) -> FrequencyFit:
    """Fit ω to factors e^(iωp) of each pair.

    The ω that maximises Re Σ conj(z_in) z_out e^(-iωp), the least-squares fit, is searched on the grid of a padded
    Fourier transform and refined by Newton's method.

    Args:
        products: Σ conj(z_in) z_out over heads, ``[row, pair]``.
        weights: Σ |z_in|² over heads, ``[row, pair]``.
        positions: whole numbers, ``[row]``.
    """
    distinct, place = np.unique(positions, return_inverse=True)
    gathered = np.zeros((distinct.size, products.shape[1]), dtype=np.complex128)  # [position, pair]
    np.add.at(gathered, place, products)
    omega, spacing = _coarse(gathered, distinct.astype(np.int64))
    at = distinct[:, None]
    information = np.zeros_like(omega)
    for _ in range(_NEWTON_STEPS):
        turned = gathered * np.exp(-1j * at * omega)  # [position, pair]
        slope, information = (at * turned.imag).sum(axis=0), (at * at * turned.real).sum(axis=0)
        step = slope / np.where(information > 0, information, np.inf)
        omega = omega + np.clip(step, -spacing, spacing)
    amplitude = (gathered * np.exp(-1j * at * omega)).real.sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-300)
    wrapped = np.pi - np.mod(np.pi - omega, 2 * np.pi)
    return FrequencyFit(wrapped, np.maximum(information, 0.0), amplitude, int((distinct != 0).sum()))


def _coarse(gathered: npt.NDArray[np.complex128], positions: npt.NDArray[np.int64]) -> tuple[Floats, float]:
    """The best frequency on a regular grid in [0, 2π), ``[pair]``, and the grid's spacing."""
    length = int(2 ** np.ceil(np.log2(_OVERSAMPLING * (int(np.abs(positions).max()) + 1))))
    dense = np.zeros((length, gathered.shape[1]), dtype=np.complex128)
    dense[positions] = gathered  # a negative position wraps, which the transform's period allows
    best = np.fft.fft(dense, axis=0).real.argmax(axis=0)
    return 2 * np.pi * best / length, 2 * np.pi / length


def plain_base(frequencies: Floats) -> float:
    """The base whose ω_i = base^(-i/pairs) begin like `frequencies`; scaling kinds leave the first ones alone.

    Returns NaN where a single pair can't tell.
    """
    if frequencies.size < 2:
        return float("nan")
    base = float((frequencies[0] / frequencies[1]) ** frequencies.size)
    rounded = float(f"{base:.5g}")
    # fp32 frequencies carry 2^-24 each, and their ratio is raised to the power of the number of pairs
    return rounded if abs(rounded / base - 1) < frequencies.size * 2.0**-22 else base


def plain_frequencies(base: float, pairs: int) -> Floats:
    """``base^(-i/pairs)``: RoPE without scaling (Su et al. 2021, arXiv 2104.09864)."""
    values: Floats = base ** (-np.arange(pairs) / pairs)
    return values


def with_base(frequencies: Floats, base: float) -> Floats:
    """The reference's `frequencies`, whatever scaling they have, with another base."""
    share = np.arange(frequencies.size) / frequencies.size
    shifted: Floats = frequencies * (base / plain_base(frequencies)) ** -share
    return shifted
