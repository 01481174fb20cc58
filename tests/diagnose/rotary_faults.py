"""Rotary embeddings that are wrong in one way each, for tests to plant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
from numpy_decoder import Fault

from parity.replay import Reference
from parity.replay.arrays import Floats
from parity.replay.ops import rotary, rotate_half
from parity.tokens import TokenBatch

__all__ = [
    "BF16",
    "FP16",
    "Frequencies",
    "base",
    "dynamic_ntk",
    "from_tables",
    "geometric",
    "interleaved",
    "interleaved_with",
    "llama3",
    "logn",
    "partial",
    "rounded",
    "rounded_arithmetic",
    "turned",
    "yarn",
]

FP16, BF16 = np.float16, ml_dtypes.bfloat16

Frequencies = Callable[[Floats], Floats]
Positions = Callable[[Floats, TokenBatch], Floats]


def turned(*, frequencies: Frequencies | None = None, positions: Positions | None = None, scale: float = 1.0) -> Fault:
    """A rotation with other frequencies (a function of the right ones), other positions or another scale."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        omega, at = _frequencies(reference), _positions(reference)
        omega = omega if frequencies is None else frequencies(omega)
        return rotary(inputs[0], at if positions is None else positions(at, reference.tokens), omega, scale=scale)

    return fault


def base(value: float) -> Frequencies:
    """Plain frequencies of another base."""
    return lambda omega: value ** (-np.arange(omega.size) / omega.size)


def geometric(start: float, value: float) -> Frequencies:
    """Frequencies ``start·value^(-2i/d)``."""
    return lambda omega: start * base(value)(omega)


def yarn(factor: float, low: int, high: int) -> Frequencies:
    """Pairs up to `low` kept, from `high` on divided by `factor`, mixed in between."""

    def changed(omega: Floats) -> Floats:
        ramp = np.clip((np.arange(omega.size) - low) / (high - low), 0, 1)
        return omega / factor * ramp + omega * (1 - ramp)

    return changed


def llama3(factor: float, length: float, *, low: float = 1.0, high: float = 4.0) -> Frequencies:
    """The rule of transformers' ``_compute_llama3_parameters``."""

    def changed(omega: Floats) -> Floats:
        wavelength = 2 * np.pi / omega
        smooth = (length / wavelength - low) / (high - low)
        mixed = (1 - smooth) * omega / factor + smooth * omega
        return np.where(wavelength > length / low, omega / factor, np.where(wavelength < length / high, omega, mixed))

    return changed


def dynamic_ntk(alpha: float, *, longer_than: int = 0) -> Fault:
    """Base times α^(d/(d-2)) in prompts that are longer than some length."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        omega, (x,) = _frequencies(reference), inputs
        output = np.empty_like(x)
        for prompt, length in enumerate(reference.tokens.lengths):
            changed = 1e6 * alpha ** (omega.size / (omega.size - 1)) if length > longer_than else 1e6
            part = slice(prompt, prompt + 1)
            output[part] = rotary(x[part], _positions(reference)[part], base(changed)(omega))
        return output

    return fault


def from_tables(tables: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> Fault:
    """``x·cos + rotate_half(x)·sin`` with tables made from positions ``[batch, token, 1]`` and frequencies."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        cos, sin = tables(_positions(reference)[..., None], _frequencies(reference))
        cos, sin = (np.concatenate([table, table], axis=-1)[:, :, None] for table in (cos, sin))
        return inputs[0] * cos + rotate_half(inputs[0]) * sin

    return fault


def rounded_arithmetic(dtype: Any) -> Fault:
    """As transformers in 16 bits: tables, both products and their sum are rounded."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        angles = _positions(reference)[..., None] * _frequencies(reference)
        angles = np.concatenate([angles, angles], axis=-1)[:, :, None]
        left = rounded(inputs[0] * rounded(np.cos(angles), dtype), dtype)
        right = rounded(rotate_half(inputs[0]) * rounded(np.sin(angles), dtype), dtype)
        return rounded(left + right, dtype)

    return fault


def interleaved_with(frequencies: Frequencies) -> Fault:
    """Pairs (2i, 2i + 1), with other frequencies."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        angles = (_positions(reference)[..., None] * frequencies(_frequencies(reference)))[:, :, None]
        even, odd = inputs[0][..., ::2], inputs[0][..., 1::2]
        output = np.empty_like(inputs[0])
        output[..., ::2] = even * np.cos(angles) - odd * np.sin(angles)
        output[..., 1::2] = odd * np.cos(angles) + even * np.sin(angles)
        return output

    return fault


interleaved = interleaved_with(lambda omega: omega)
"""Pairs (2i, 2i + 1)."""


def partial(size: int, *, last: bool = False) -> Fault:
    """The first or last `size` channels rotated as a head of that size."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        output = inputs[0].copy()
        part = slice(output.shape[-1] - size, None) if last else slice(size)
        output[..., part] = rotary(output[..., part], _positions(reference), base(1e6)(np.arange(size // 2)))
        return output

    return fault


def logn(length: int) -> Fault:
    """The right rotation times max(1, log(p + 1)/log(length))."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        factors = np.maximum(1, np.log(_positions(reference) + 1) / np.log(length))[..., None, None]
        return factors * rotary(inputs[0], _positions(reference), _frequencies(reference))

    return fault


def rounded(x: Floats, dtype: Any) -> Floats:
    """`x` rounded to `dtype`."""
    return x.astype(dtype).astype(np.float64)


def _frequencies(reference: Reference) -> Floats:
    return reference.weights.settings.inverse_frequencies.astype(np.float64)


def _positions(reference: Reference) -> Floats:
    return reference.tokens.positions.astype(np.float64)
