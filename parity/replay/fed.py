"""What layers that were run alone have read: the reference's residual stream, not what the layer before put out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy.typing as npt

from parity.taps import TapGraph

__all__ = ["FedStream", "Overlaid"]

Arrays = Mapping[str, "npt.NDArray[Any]"]


class FedStream(Mapping[str, "npt.NDArray[Any]"]):
    """The truth's residual stream between layers, rounded to `dtype` when it is read."""

    def __init__(self, truth: Arrays, graph: TapGraph, dtype: npt.DTypeLike) -> None:
        self._truth = truth
        self._names = [tap.name for tap in graph if tap.kind in ("embed", "resid_out") and tap.name in truth]
        self._dtype = dtype

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        if name not in self._names:
            raise KeyError(name)
        return self._truth[name].astype(self._dtype)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Overlaid(Mapping[str, "npt.NDArray[Any]"]):
    """`arrays`, some of them replaced by those of `over` with the same name."""

    def __init__(self, arrays: Arrays, over: Arrays) -> None:
        self._arrays = arrays
        self._over = over

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._over[name] if name in self._over and name in self._arrays else self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)
