"""Explaining and pricing the sources of one phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from parity.commands import capture_option
from parity.comparison import TapResult
from parity.cost import Prices
from parity.diagnose.case import SourceCase
from parity.diagnose.explain import explain
from parity.diagnose.hypotheses import HYPOTHESES
from parity.diagnose.hypothesis import Hypothesis
from parity.diagnose.signature import describe
from parity.diagnosis import Cause, TapCost
from parity.replay.arrays import widened
from parity.replay.local import Sides, analyse_local
from parity.replay.predict import captured_inputs, predict
from parity.replay.replay import Reference
from parity.taps import Tap, TapGraph

__all__ = ["EXPLAINED_SHARE", "PRICED_SOURCES", "SourceDoctor"]

PRICED_SOURCES = 16
"""Sources in graph order whose cost is computed; each takes two continuations of the reference."""

EXPLAINED_SHARE = 0.99
"""A cause that leaves more than a hundredth of the residual, and more than noise, gets the signature beside it."""


class SourceDoctor:
    """Explains sources one after the other, in graph order.

    A fault that sits everywhere makes one source per layer; what explained the last tap of a kind is tried first
    on the next, and the whole library only where that fails.
    """

    def __init__(
        self, reference: Reference, graph: TapGraph, sides: Sides, *, priced_sources: int = PRICED_SOURCES
    ) -> None:
        self._reference = reference
        self._graph = graph
        self._sides = sides
        self._prices = Prices(reference, graph, sides)
        self._winners: dict[str, str] = {}
        self._unpriced = priced_sources

    def examine(self, row: TapResult) -> TapResult:
        """`row`, whose role is source, with causes, signature and, where its error can reach the output, cost."""
        assert row.diagnosis is not None
        case, noise_limit = self._case(self._graph[row.tap]), row.limits.noise_ratio
        whole = len(case.inputs) == len(case.tap.inputs)
        causes = self._causes(case, noise_limit) if whole else ()
        if causes and _explains(causes[0], noise_limit):
            signature = ""
        else:
            signature = describe(case) if whole else self._unseen(case.tap)
        diagnosis = replace(row.diagnosis, causes=causes, signature=signature, cost=self._cost(row, case))
        return replace(row, diagnosis=diagnosis)

    def _cost(self, row: TapResult, case: SourceCase) -> TapCost | None:
        can_be_priced = row.errors is not None and np.isfinite(case.predicted).all()
        if not can_be_priced or row.status in ("harmless", "aliased") or self._unpriced <= 0:
            return None
        self._unpriced -= 1
        return self._prices.of_tap(case.tap, case.predicted)

    def _case(self, tap: Tap) -> SourceCase:
        sides = self._sides
        found = analyse_local(self._reference, self._graph, tap, sides)
        return SourceCase(
            tap=tap,
            graph=self._graph,
            reference=self._reference,
            inputs=tuple(widened(sides.candidate[name]) for name in tap.inputs if name in sides.candidate),
            output=widened(sides.candidate[tap.name]),
            predicted=predict(self._reference, self._graph, tap, sides.candidate),
            floor=found.local_floor,
            candidate=sides.candidate,
            truth=sides.truth,
            dtype=sides.dtype,
        )

    def _unseen(self, tap: Tap) -> str:
        """Hypotheses are about one operation; here several lie between what was captured."""
        start = ", ".join(captured_inputs(self._graph, tap, self._sides.candidate)) or "the token ids"
        option = capture_option(tap.name, tap.layer)
        return f"the fault lies between {start} and this tap: capture the taps between them with {option}"

    def _causes(self, case: SourceCase, noise_limit: float) -> tuple[Cause, ...]:
        winner = self._winners.get(case.tap.kind)
        usual: Sequence[Hypothesis] = [h for h in HYPOTHESES if h.name == winner]
        causes = explain(case, usual, noise_limit=noise_limit) if usual else ()
        if not causes or not _explains(causes[0], noise_limit):
            causes = explain(case, HYPOTHESES, noise_limit=noise_limit)
        if causes:
            self._winners[case.tap.kind] = causes[0].hypothesis
        return causes


def _explains(cause: Cause, noise_limit: float) -> bool:
    within_noise = cause.noise_ratio is not None and cause.noise_ratio <= noise_limit
    return within_noise or cause.explained_share >= EXPLAINED_SHARE
