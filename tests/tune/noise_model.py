"""A decoder made of nothing but noise: each operation adds its own to what comes in, and fp32 takes most of it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, sqrt
from pathlib import Path
from typing import Any

from parity.limits import Limits, NoiseRule, default_limits
from parity.taps import DecoderShape, decoder_taps
from parity.tune import (
    Budget,
    SearchResult,
    TapReading,
    TimeModel,
    Trial,
    Trials,
    TrialStore,
    make_groups,
    search,
)
from parity.tune.trials import Measure

__all__ = ["GRAPH", "GROUPS", "TIMES", "NoisyDecoder", "find", "limits_of", "make_trials"]

LAYERS = 6
GRAPH = decoder_taps(DecoderShape(LAYERS, 64, 4, 2, 16, 128, 100))
_PER_LAYER = (
    *(("input_norm",), ("q", "k", "v"), ("attn_ctx",), ("attn_out",), ("resid_mid",), ("post_norm",)),
    *(("gate",), ("up",), ("act",), ("mlp_out",), ("resid_out",)),
)
GROUPS = make_groups(
    [
        *([f"layers.{layer}.{kind}" for kind in kinds] for layer in range(LAYERS) for kinds in _PER_LAYER),
        *(["final_norm"], ["logits"]),
    ],
    GRAPH,
)
TIMES = TimeModel(GRAPH, 1, 32, 2.0)


@dataclass
class NoisyDecoder:
    """Makes trials.

    Attributes:
        noise: how many times more noise than a correct one the operation of a tap makes in 16 bits; 1 where not given.
        wrong: how much noise an operation makes in whatever precision it runs.
        local: whether errors are taken apart.
        widened: every choice that was measured, in order.
    """

    noise: Mapping[str, float] = field(default_factory=dict)
    wrong: Mapping[str, float] = field(default_factory=dict)
    local: bool = True
    widened: list[frozenset[str]] = field(default_factory=list)

    def __call__(self, fp32: tuple[str, ...]) -> Trial:
        self.widened.append(frozenset(fp32))
        readings = [self._reading(tap.name, fp32) for tap in GRAPH if not tap.on_request]
        return Trial(fp32, tuple(readings), 10.0)

    def own(self, tap: str, fp32: tuple[str, ...]) -> float:
        return self.wrong.get(tap, 0.6 if tap in fp32 else self.noise.get(tap, 1.0))

    def _reading(self, tap: str, fp32: tuple[str, ...]) -> TapReading:
        made, floor = self._total(tap, fp32, noisy=True), self._total(tap, (), noisy=False)
        own = self.own(tap, fp32)
        apart = (own, own / floor) if self.local else (None, None)
        return TapReading(tap, made / floor, 1.4 * made / floor, *apart)

    def _total(self, tap: str, fp32: tuple[str, ...], *, noisy: bool) -> float:
        """Noise that comes in, shared by what is computed from it, and that of the operation."""
        incoming = [self._cached(name, fp32, noisy) for name in GRAPH[tap].inputs if not GRAPH[name].on_request]
        own = self.own(tap, fp32) if noisy else 1.0
        return sqrt(own**2 + sum(total**2 for total in incoming) / max(1, len(incoming))) if own < inf else inf

    def _cached(self, tap: str, fp32: tuple[str, ...], noisy: bool) -> float:
        key = (tap, fp32, noisy)
        if key not in self._known:
            self._known[key] = self._total(tap, fp32, noisy=noisy)
        return self._known[key]

    def __post_init__(self) -> None:
        self._known: dict[Any, float] = {}


def limits_of(median: float = 1.5) -> Limits:
    return default_limits("float16").with_rules(NoiseRule("*", median, 4.0, "test"))


def make_trials(
    measure: Measure,
    folder: Path,
    *,
    builds: int = 100,
    budget: Budget | None = None,
    limits: Limits | None = None,
    median: float = 1.5,
) -> Trials:
    return Trials(
        measure,
        order=GRAPH.names,
        limits=limits or limits_of(median),
        budget=budget or Budget(builds),
        store=TrialStore(folder / "trials", "noise"),
    )


def find(measure: Measure, folder: Path, **settings: Any) -> SearchResult:
    return search(GROUPS, make_trials(measure, folder, **settings), graph=GRAPH, times=TIMES)
