"""What an observer effect means for the verdict, in words."""

from __future__ import annotations

from parity.formatting import format_count, format_metric
from parity.observer.grade import words_of
from parity.observer_effect import ObservedPhase

__all__ = ["cure", "meaning"]


def meaning(worst: ObservedPhase, *, taps: int, rebuilt_by: str) -> str:
    """One sentence, or two where a rebuild changes the verdict.

    Args:
        worst: the phase that the grade is of.
        taps: how many were marked.
        rebuilt_by: what was changed for a rebuild; empty without one.
    """
    marking = f"Marking {format_count(taps)} taps"
    return " ".join(filter(None, (_SENTENCES[worst.grade](marking, worst), _rebuild(worst, rebuilt_by))))


def cure(worst: ObservedPhase, *, probe_sets: int) -> str:
    """What to do about it; empty where the engine is faithful."""
    if worst.grade == "faithful":
        return ""
    spread = "spread the taps over engines that are faithful: --probe-sets" if probe_sets == 1 else "ask for fewer taps"
    measure = "" if worst.rebuilt else "; see how much a rebuild changes: --rebuild-noise"
    return spread + measure


def _faithful(marking: str, worst: ObservedPhase) -> str:
    if worst.distance is not None and worst.distance.equal:
        return f"{marking} changes no number of the logits: what they show is what the engine without them computes."
    alike = "; both are beyond the limits alike" if worst.unprobed.fails else ""
    return f"{marking} changes no more than chance: {worst.reason}{alike}. What they show holds for the engine without."


def _perturbing(marking: str, worst: ObservedPhase) -> str:
    if worst.probed.fails and not worst.unprobed.fails:
        return (
            f"{marking} makes an error that the engine without them has not: {worst.reason}. The failing taps are "
            "those of another engine than yours."
        )
    side = "beyond" if worst.unprobed.fails else "within"
    return (
        f"{marking} makes another engine: {worst.reason}. The rows hold for that one; of yours only the logits are "
        f"known, {side} the limits: {words_of(worst.unprobed)}."
    )


def _hides(marking: str, worst: ObservedPhase) -> str:
    return f"{marking} hides a bug: {worst.reason}. Your engine is wrong, and these taps can't show where."


_SENTENCES = {"faithful": _faithful, "perturbing": _perturbing, "hides the bug": _hides}


def _rebuild(worst: ObservedPhase, rebuilt_by: str) -> str:
    if worst.rebuilt is None:
        return ""
    how = f"Built again with {rebuilt_by}"
    if worst.rebuilt.fails != worst.unprobed.fails:
        side = "beyond" if worst.rebuilt.fails else "within"
        return f"{how}, it is {side} the limits ({words_of(worst.rebuilt)}): the verdict depends on the build."
    if worst.rebuild_distance is None or worst.rebuild_distance.noise is None:
        return ""
    return f"{how}, it moves by {format_metric(worst.rebuild_distance.noise.noise_ratio)} floors."
