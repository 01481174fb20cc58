"""In which order a stored vector was used."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from parity.diagnose.permutation import Order, layout_orders, named_order
from parity.replay.arrays import Floats

__all__ = ["vector_order"]


def vector_order(used: Floats, stored: Floats, *, heads: int, head_dim: int) -> Order:
    """The order of `stored` that comes nearest to `used`, a simple one where it is as good.

    Args:
        used: what the candidate was found to use, up to noise, ``[channel]``.
        stored: the reference's, ``[channel]``.
        heads, head_dim: their product is the number of channels.
    """

    def distance(order: Order) -> tuple[float, int]:
        left = float(np.square(used - stored[order.channels]).sum())
        return float(np.round(np.log2(left + 1e-300))), order.fitted

    return min(_orders(used, stored, heads, head_dim), key=distance)


def _orders(used: Floats, stored: Floats, heads: int, head_dim: int) -> Iterator[Order]:
    """Layouts, the best shift, and the order that pairs equal ranks, which is the best of all orders."""
    yield from layout_orders(heads, head_dim)
    overlap = np.fft.irfft(np.fft.rfft(stored) * np.fft.rfft(used).conj(), stored.size)
    shift = int(overlap.argmax())
    back = shift - stored.size if shift > stored.size // 2 else shift
    yield Order(f"shifted by {back}", (np.arange(stored.size) + shift) % stored.size)
    ranked = np.empty(stored.size, dtype=np.int64)
    ranked[np.argsort(used, kind="stable")] = np.argsort(stored, kind="stable")
    found = named_order(ranked, heads, head_dim)
    if found is not None:
        yield found
