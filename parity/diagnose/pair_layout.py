"""Which two channels of a head are rotated together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parity.replay.arrays import Floats

__all__ = ["PairLayout", "halves", "interleaved"]


@dataclass(frozen=True, eq=False)
class PairLayout:
    """Pairs of channels as complex numbers.

    Attributes:
        name: for messages.
        first, second: the channels of the real and of the imaginary parts, in the order of pairs.
    """

    name: str
    first: slice
    second: slice

    def pairs(self, x: Floats) -> npt.NDArray[np.complex128]:
        """``[…, channel]`` as ``[…, pair]``."""
        joined = np.empty((*x.shape[:-1], x.shape[-1] // 2), dtype=np.complex128)
        joined.real, joined.imag = x[..., self.first], x[..., self.second]
        return joined

    def channels(self, pairs: npt.NDArray[np.complex128]) -> Floats:
        """``[…, pair]`` as ``[…, channel]``, the inverse of `pairs`."""
        parted = np.empty((*pairs.shape[:-1], 2 * pairs.shape[-1]))
        parted[..., self.first], parted[..., self.second] = pairs.real, pairs.imag
        return parted


def halves(channels: int) -> PairLayout:
    """Pairs ``(i, i + d/2)``, as GPT-NeoX, Llama in transformers and Qwen have them."""
    return PairLayout("halves", slice(None, channels // 2), slice(channels // 2, None))


def interleaved() -> PairLayout:
    """Pairs ``(2i, 2i + 1)``, as RoFormer, GPT-J and Llama's own code have them."""
    return PairLayout("interleaved", slice(0, None, 2), slice(1, None, 2))
