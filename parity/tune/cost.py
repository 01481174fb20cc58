"""What fp32 costs: an estimate of run time from the multiplications that run at another rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from parity.taps import Tap, TapGraph
from parity.tune.group import OperationGroup, taps_of

__all__ = ["TimeModel"]


@dataclass(frozen=True)
class TimeModel:
    """Run time as matrix products alone would give it; norms, activations and additions count nothing.

    Attributes:
        graph: all taps of the network.
        batch, tokens: lengths of the inputs.
        rate_ratio: how many times slower products are in fp32 than in 16 bits.
    """

    graph: TapGraph
    batch: int
    tokens: int
    rate_ratio: float

    def relative_time(self, groups: Iterable[OperationGroup]) -> float:
        """Run time with `groups` in fp32, in units of that with none of them."""
        return 1 + self.added_time(groups)

    def added_time(self, groups: Iterable[OperationGroup]) -> float:
        """What `groups` in fp32 add to the run time, in units of the time without."""
        wide = sum(self._products(self.graph[tap]) for tap in taps_of(groups))
        return (self.rate_ratio - 1) * wide / self._all_products

    @property
    def _all_products(self) -> float:
        """In units of 16-bit products; attention scores are in fp32 anyway."""
        products = sum(self._products(tap) for tap in self.graph)
        scores = sum(self._products(tap) for tap in self.graph if tap.op == "attention")
        return max(1.0, products + self.rate_ratio * scores)

    def _products(self, tap: Tap) -> int:
        """Multiplications of a tap's own matrix product."""
        rows = self.batch * self.tokens
        if tap.op == "linear":
            return rows * _channels(tap) * _channels(self.graph[tap.inputs[0]])
        return rows * self.tokens * _channels(tap) if tap.op == "attention" else 0


def _channels(tap: Tap) -> int:
    return prod(size for size in tap.sizes if size is not None)
