"""Explaining and pricing the sources of one phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from parity.commands import capture_option
from parity.comparison import TapResult
from parity.cost import Prices
from parity.diagnose.case import SourceCase
from parity.diagnose.explain import explain, leaves_single_tokens
from parity.diagnose.hypotheses import HYPOTHESES
from parity.diagnose.hypothesis import DESCRIPTION_RANK, Hypothesis
from parity.diagnose.signature import describe
from parity.diagnosis import Cause, TapCost
from parity.limits import AppliedLimits
from parity.replay.arrays import widened
from parity.replay.local import Sides, analyse_local
from parity.replay.predict import captured_inputs, predict
from parity.replay.replay import Reference
from parity.taps import Tap, TapGraph, count_parameters
from parity.tokens import TokenBatch

__all__ = ["PRICED_SOURCES", "SourceDoctor", "affordable_prices"]

PRICED_SOURCES = 16
"""Sources in graph order whose cost is computed at most; each takes two continuations of the reference."""

_PRICED_AT_ANY_RATE = 2
_AFFORDABLE = 6e12
"""Floating-point operations that may be spent on prices: about a minute of two cores, in float64."""

_WIDENING = 700
"""For each weight, as many operations as reading and widening it takes the time of."""


class SourceDoctor:
    """Explains sources one after the other, in graph order.

    A fault that sits everywhere makes one source per layer, and a coarse dtype one per operation; what explained
    earlier taps is tried first, and the whole library only where that leaves more than noise.
    """

    def __init__(
        self, reference: Reference, graph: TapGraph, sides: Sides, *, priced_sources: int | None = None
    ) -> None:
        self._reference = reference
        self._graph = graph
        self._sides = sides
        self._prices = Prices(reference, graph, sides)
        self._winners: dict[str, str] = {}
        self._unpriced = affordable_prices(graph, reference.tokens) if priced_sources is None else priced_sources

    def examine(self, row: TapResult) -> TapResult:
        """`row`, whose role is source, with causes, signature and, where its error can reach the output, cost."""
        assert row.diagnosis is not None
        case = self._case(self._graph[row.tap])
        whole = len(case.inputs) == len(case.tap.inputs)
        causes, signature = self._explained(case, row.limits) if whole else ((), self._unseen(case.tap))
        diagnosis = replace(row.diagnosis, causes=causes, signature=signature, cost=self._cost(row, case))
        return replace(row, diagnosis=diagnosis)

    def _explained(self, case: SourceCase, limits: AppliedLimits) -> tuple[tuple[Cause, ...], str]:
        """Causes, and the signature where none of them is enough; what does not fit into memory is said there."""
        try:
            causes = self._causes(case, limits)
            enough = causes and causes[0].leaves_rounding(limits)
            return causes, "" if enough else describe(case)
        except MemoryError as error:
            return (), f"the search for causes ran out of memory ({error}): compare fewer or shorter prompts"

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
            inputs=tuple(widened(sides.read[name]) for name in tap.inputs if name in sides.read),
            output=widened(sides.candidate[tap.name]),
            predicted=predict(self._reference, self._graph, tap, sides.read),
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

    def _causes(self, case: SourceCase, limits: AppliedLimits) -> tuple[Cause, ...]:
        noise_limit, usual = limits.noise_ratio, self._usual(case.tap)
        causes = explain(case, usual, noise_limit=noise_limit) if usual else ()
        if not causes or not (causes[0].leaves_rounding(limits) or leaves_single_tokens(causes[0], noise_limit)):
            causes = explain(case, HYPOTHESES, noise_limit=noise_limit)
        if causes:
            self._winners[case.tap.kind] = causes[0].hypothesis
        return causes

    def _usual(self, tap: Tap) -> Sequence[Hypothesis]:
        """What explained the last tap of this kind, and those causes that explained taps of other kinds."""
        named, own = set(self._winners.values()), self._winners.get(tap.kind)
        return [h for h in HYPOTHESES if h.name == own or (h.name in named and h.rank < DESCRIPTION_RANK)]


def affordable_prices(graph: TapGraph, tokens: TokenBatch) -> int:
    """How many sources are priced: all that matter in a small model, the first two in a large one."""
    of_one = count_parameters(graph) * (2 * 2 * int(tokens.mask.sum()) + _WIDENING)
    return int(np.clip(_AFFORDABLE // max(1, of_one), _PRICED_AT_ANY_RATE, PRICED_SOURCES))
