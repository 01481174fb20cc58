"""Attention that reads another tensor: keys before their rotation, a buffer of another layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from parity.diagnose.attention_rows import AttentionRows
from parity.diagnose.attention_tap import channels_of
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats, widened
from parity.replay.ops import rotary

__all__ = ["ATTENTION_WRONG_INPUT"]

_Reading = Callable[[AttentionRows], AttentionRows]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Queries, keys or values are replaced by every captured tap of the same heads; or rotated a second time."""
    return attention_predictions(case, _guesses(case))


def _guesses(case: SourceCase) -> Iterator[Guess[Variation]]:
    readings = {"q": _queries, "k": _keys, "v": _values}
    for place, (kind, reading) in enumerate(readings.items()):
        if place < len(case.tap.inputs):
            own = case.tap.inputs[place]
            for other in _of_the_same_heads(case, own):
                array = widened(case.candidate[other])
                yield Guess(f"attention reads {other} instead of {own}", Variation(inputs=reading(array)), 1)
            if kind != "v":  # rotated values are a fault of their own
                turned = reading(_rotated(case, case.inputs[place]))
                yield Guess(f"attention rotates {kind} once more", Variation(inputs=turned))


def _of_the_same_heads(case: SourceCase, own: str) -> tuple[str, ...]:
    shape = case.graph[own].axes, case.graph[own].sizes
    names = (tap.name for tap in case.graph if (tap.axes, tap.sizes) == shape and tap.name in case.candidate)
    return tuple(name for name in names if name not in (own, case.tap.name))


def _rotated(case: SourceCase, array: Floats) -> Floats:
    settings = case.settings
    positions = case.reference.tokens.positions
    return rotary(array, positions, settings.inverse_frequencies, scale=settings.rotary_scale)


def _queries(array: Floats) -> _Reading:
    return lambda rows: replace(rows, queries=array[rows.rows.prompts, rows.rows.places])


def _keys(array: Floats) -> _Reading:
    return lambda rows: replace(rows, keys=array)


def _values(array: Floats) -> _Reading:
    return lambda rows: replace(rows, values=channels_of(array, rows))


ATTENTION_WRONG_INPUT = Hypothesis("attention_wrong_input", ("scores", "attention"), _predict, rank=3)
