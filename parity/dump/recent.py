"""Arrays that were just read, kept for the next reader."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy.typing as npt

__all__ = ["RecentArrays"]

_KEPT_BYTES = 512 * 2**20


class RecentArrays(Mapping[str, "npt.NDArray[Any]"]):
    """`arrays`, of which the most recently read are kept in memory, up to half a gibibyte."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._arrays = arrays
        self._kept: OrderedDict[str, npt.NDArray[Any]] = OrderedDict()

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        if name not in self._kept:
            self._kept[name] = self._arrays[name]
            while len(self._kept) > 1 and sum(array.nbytes for array in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(name)
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)
