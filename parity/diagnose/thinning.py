"""A case at some of its tokens: enough to tell whether a guess is worth replaying at all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, token_weights
from parity.diagnose.remembered import remembered
from parity.replay.predict import Captured
from parity.replay.replay import Reference
from parity.taps import TapGraph
from parity.tokens import TokenBatch

__all__ = ["is_tokenwise", "thinned"]

_TOKENS = 48
_TOKENWISE = ("embedding", "linear", "rms_norm", "silu_mul", "add")


def is_tokenwise(case: SourceCase) -> bool:
    """Whether the tap's operation treats each token alone."""
    return case.tap.op in _TOKENWISE


def thinned(case: SourceCase) -> SourceCase:
    """The case at 48 of its real tokens, as one prompt: the half that errs most and others evenly between.

    A case whose operation looks across tokens, or that has less than twice as many tokens, comes back as it is.
    """
    if not is_tokenwise(case) or case.reference.tokens.mask.sum() < 2 * _TOKENS:
        return case
    return _thinned(case)


@remembered
def _thinned(case: SourceCase) -> SourceCase:
    chosen = _chosen(case)
    take = _Take(case.reference.tokens.mask, chosen)
    tokens = case.reference.tokens
    batch = TokenBatch(take(tokens.ids), np.ones((1, chosen.size), dtype=np.bool_), take(tokens.positions))
    floor = case.floor and case.floor.at(chosen)
    return replace(
        case,
        reference=Reference(case.reference.weights, batch),
        inputs=tuple(take(array) for array in case.inputs),
        output=take(case.output),
        predicted=take(case.predicted),
        floor=floor,
        candidate=_ThinCapture(case.graph, case.candidate, take),
        truth=_ThinCapture(case.graph, case.truth, take),
    )


def _chosen(case: SourceCase) -> npt.NDArray[np.intp]:
    """Rows to keep, in order."""
    errors = np.abs(columns(case, case.residual)).sum(axis=1) * token_weights(case)
    worst = np.argsort(-errors, kind="stable")[: _TOKENS // 2]
    others = np.setdiff1d(np.arange(errors.size), worst)
    even = others[np.linspace(0, others.size - 1, _TOKENS - worst.size).astype(np.intp)]
    return np.sort(np.concatenate([worst, even]))


@dataclass(frozen=True, eq=False)
class _Take:
    mask: npt.NDArray[np.bool_]
    chosen: npt.NDArray[np.intp]

    def __call__(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """``[batch, token, …]`` at the chosen real tokens: ``[1, chosen, …]``."""
        return array[self.mask][self.chosen][None]


class _ThinCapture(Mapping[str, "npt.NDArray[Any]"]):
    """Captured taps at the chosen tokens; those with a key axis are left out."""

    def __init__(self, graph: TapGraph, captured: Captured, take: _Take) -> None:
        self._names = frozenset(captured) - {tap.name for tap in graph if "key" in tap.axes}
        self._captured = captured
        self._take = take

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        if name not in self._names:
            raise KeyError(name)
        return self._take(self._captured[name])

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
