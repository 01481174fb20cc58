"""From a tensor inside the model to an array that belongs to nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy.typing as npt
import torch

from parity.runner import Sink
from parity.taps import Tap

__all__ = ["Delivery", "host_array"]


class Delivery:
    """Hands each asked tap to the sink once, the moment it is seen; tensors nobody asked for are not touched."""

    def __init__(self, taps: Sequence[Tap], sink: Sink) -> None:
        self.taps = tuple(taps)
        self._waiting = {tap.name: tap for tap in taps}
        self._sink = sink

    def wants(self, name: str) -> bool:
        """Whether tap `name` was asked for and has not been seen yet."""
        return name in self._waiting

    def deliver(self, name: str, tensor: torch.Tensor) -> None:
        """Copy `tensor` to the host in the tap's layout and hand it on, if it is wanted."""
        if self.wants(name):
            tap = self._waiting.pop(name)
            self._sink(name, host_array(tensor, tap))

    def check_complete(self) -> None:
        """Assert that every tap was seen: a family's table names modules that run."""
        assert not self._waiting, f"never seen: {', '.join(self._waiting)}"


def host_array(tensor: torch.Tensor, tap: Tap) -> npt.NDArray[Any]:
    """A contiguous copy of `tensor` in host memory, its axes those of `tap`.

    Heads and channels that the model keeps in one axis are split: ``[batch, token, head * channel]`` becomes
    ``[batch, token, head, channel]``. bfloat16, which torch can't give to numpy, goes over as bits.
    """
    copy = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu")
    copy.copy_(tensor)
    bits = copy.view(torch.int16).numpy().view(ml_dtypes.bfloat16) if copy.dtype == torch.bfloat16 else copy.numpy()
    if bits.ndim == len(tap.axes):
        return bits
    batch, token = bits.shape[:2]
    return bits.reshape(batch, token, *(size for size in tap.sizes[2:] if size is not None))
