"""The observer effect as a card: what was measured, phase by phase, and what grades it."""

from __future__ import annotations

from dataclasses import dataclass

from parity.answer import layers_sentence
from parity.comparison import Comparison
from parity.formatting import ABSENT, format_count, format_metric
from parity.observer_effect import JudgedLogits, LogitsDistance, ObservedPhase, ObserverRule

__all__ = ["ObserverCard", "PhaseLine", "observer_card"]


@dataclass(frozen=True)
class PhaseLine:
    """One phase, every cell as text.

    Attributes:
        phase, grade: as they are.
        probed, unprobed: R of the engine with taps and without, the worst token in brackets.
        apart: how far the two are from one another, in floors.
        rebuild: likewise, of the engine without taps from itself built again.
        choices: how many next tokens marking changes.
    """

    phase: str
    grade: str
    probed: str
    unprobed: str
    apart: str
    rebuild: str
    choices: str


@dataclass(frozen=True)
class ObserverCard:
    """What the card shows; `layers` is empty where the engines don't tell, `rebuilt_by` without a rebuild."""

    grade: str
    sentence: str
    lines: tuple[PhaseLine, ...]
    layers: str
    rebuilt_by: str
    rules: tuple[ObserverRule, ...]


def observer_card(comparison: Comparison) -> ObserverCard | None:
    """The card of `comparison`; None where nothing was measured."""
    effect = comparison.observer
    if effect is None:
        return None
    layers = layers_sentence(effect.layers) if effect.layers else ""
    lines = tuple(map(_line, effect.phases))
    return ObserverCard(effect.grade, effect.sentence, lines, layers, effect.rebuilt_by, effect.rules)


def _line(phase: ObservedPhase) -> PhaseLine:
    cost = phase.distance.cost if phase.distance else None
    return PhaseLine(
        phase=phase.phase,
        grade=phase.grade,
        probed=_ratio(phase.probed),
        unprobed=_ratio(phase.unprobed),
        apart=_distance(phase.distance),
        rebuild=_distance(phase.rebuild_distance),
        choices=f"{format_count(cost.flipped_positions)} of {format_count(cost.positions)}" if cost else ABSENT,
    )


def _ratio(logits: JudgedLogits) -> str:
    if logits.noise is None:
        return logits.status
    return f"{format_metric(logits.noise.noise_ratio)} ({format_metric(logits.noise.worst_token_noise_ratio)})"


def _distance(distance: LogitsDistance | None) -> str:
    if distance is None:
        return ABSENT
    if distance.noise is None:
        return f"rel-L2 {format_metric(distance.rel_l2)}"
    return f"{format_metric(distance.noise.noise_ratio)} ({format_metric(distance.noise.worst_token_noise_ratio)})"
