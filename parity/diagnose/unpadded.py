"""A case without the prompts that have padding: what stands there is not captured, and a fault may read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.replay.replay import Reference
from parity.tokens import TokenBatch

__all__ = ["without_padded_prompts"]


def without_padded_prompts(case: SourceCase) -> SourceCase | None:
    """`case` with those prompts alone that fill the batch; None where all of them do, or none."""
    tokens = case.reference.tokens
    whole = np.asarray(tokens.mask.all(axis=1))
    if whole.all() or not whole.any():
        return None
    kept = TokenBatch(tokens.ids[whole], tokens.mask[whole], tokens.positions[whole])
    rows = np.repeat(whole, tokens.mask.sum(axis=1))
    return replace(
        case,
        reference=Reference(case.reference.weights, kept),
        inputs=tuple(array[whole] for array in case.inputs),
        output=case.output[whole],
        predicted=case.predicted[whole],
        floor=case.floor and case.floor.at(rows),
        candidate=_Prompts(case.candidate, whole),
        truth=_Prompts(case.truth, whole),
    )


class _Prompts(Mapping[str, "npt.NDArray[Any]"]):
    """Captured taps of some prompts."""

    def __init__(self, captured: Mapping[str, npt.NDArray[Any]], chosen: npt.NDArray[np.bool_]) -> None:
        self._captured, self._chosen = captured, chosen

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._captured[name][self._chosen]

    def __iter__(self) -> Iterator[str]:
        return iter(self._captured)

    def __len__(self) -> int:
        return len(self._captured)
