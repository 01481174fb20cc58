"""What marking taps does to the engine, in words."""

from __future__ import annotations

from parity.comparison import Side
from parity.formatting import format_count, format_metric
from parity.observer_effect import LayerDifferences, ObserverEffect
from parity.runner import PROBE_SETS_FLAG

__all__ = ["engines_sentence", "layers_sentence", "observer_sentence"]


def engines_sentence(side: Side) -> str:
    """That the taps of `side` come from several engines, and why; no full stop."""
    sets = PROBE_SETS_FLAG in side.flags
    why = (
        "each of which computes what the one without taps does"
        if sets
        else "so that the outputs of each fit the memory"
    )
    return f"its taps were split over {format_count(side.engines)} engines, {why}"


def observer_sentence(effect: ObserverEffect) -> str:
    """The grade with the numbers that gave it; no full stop.

    ``faithful: with 93 taps, the logits are 1.02 floors apart, within 1.70; a rebuild moves them by 0.986``
    """
    spread = f" in {format_count(effect.probe_sets)} engines" if effect.probe_sets > 1 else ""
    again = effect.worst.rebuild_distance
    rebuild = f"; a rebuild moves them by {format_metric(again.noise.noise_ratio)}" if again and again.noise else ""
    return f"{effect.grade}: with {format_count(effect.taps)} taps{spread}, {effect.worst.reason}{rebuild}"


def layers_sentence(layers: LayerDifferences) -> str:
    """How the engines with taps and without differ in their layers, with a full stop."""
    kernels = f" ({format_count(layers.other_kernels)} with other kernels)" if layers.other_kernels else ""
    counts = (
        f"{format_count(layers.shared)} layers are in both engines{kernels}, {format_count(layers.probed_only)} only "
        f"with taps, {format_count(layers.unprobed_only)} only without"
    )
    return f"{counts}: {'; '.join(layers.examples)}." if layers.examples else f"{counts}."
