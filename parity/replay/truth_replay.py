"""What replaying truth and floor says about a tap: the same for every candidate that is judged by them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from parity.dtypes import DtypeInfo
from parity.metrics import Differences, RealRows, differences, real_rows, rel_l2
from parity.replay.arrays import Floats, widened
from parity.replay.predict import Captured, captured_inputs, predict
from parity.replay.replay import Reference
from parity.taps import Tap, TapGraph

__all__ = ["KeptReplays", "TruthReplay", "gain", "incoming", "replay_truth"]


@dataclass(frozen=True, eq=False)
class TruthReplay:
    """One tap replayed on what truth and floor captured.

    Attributes:
        expected: f(x_truth) at real tokens.
        local_noise: squares, at each token, of what may make a right operation's output differ: its inputs' rounding
            to the candidate's dtype, and what the floor run's own operation does; independent noises add in squares.
        inherited_noise: likewise of what comes in with noise: the rounding of the inputs, and what the floor inherits.
        truth_rel_l2: how far the truth's output is from `expected`.
        noise_gain: the floor run's gain; None without one, or where nothing came in.
    """

    expected: RealRows
    local_noise: Floats
    inherited_noise: Floats
    truth_rel_l2: float
    noise_gain: float | None


@dataclass(frozen=True, eq=False)
class KeptReplays:
    """Replays by tap, for runs that judge several candidates by one truth, floor and dtype: as large as the truth."""

    kept: dict[str, TruthReplay] = field(default_factory=dict)

    def get(self, tap: str, make: Callable[[], TruthReplay]) -> TruthReplay:
        """The replay of `tap`, made when it is first asked for."""
        if tap not in self.kept:
            self.kept[tap] = make()
        return self.kept[tap]


def replay_truth(
    reference: Reference, graph: TapGraph, tap: Tap, *, truth: Captured, floor: Captured | None, dtype: DtypeInfo
) -> TruthReplay:
    """Replay `tap` on the truth's inputs, on those as `dtype` can store them, and on the floor's."""

    def rows(array: Floats) -> RealRows:
        return real_rows(array, tap, reference.tokens)

    expected = rows(predict(reference, graph, tap, truth))
    stored = _squares(differences(expected, rows(predict(reference, graph, tap, _as_stored(graph, tap, truth, dtype)))))
    own = differences(expected, rows(widened(truth[tap.name])))
    distance = rel_l2(float(own.error_squares.sum()), float(own.truth_squares.sum()))
    if floor is None or tap.name not in floor:
        return TruthReplay(expected, stored, stored, distance, None)
    replayed = rows(predict(reference, graph, tap, floor))
    inherited = differences(expected, replayed)
    local = differences(replayed, rows(widened(floor[tap.name])))
    noise_gain = gain(inherited, incoming(reference, graph, tap, truth, floor))
    return TruthReplay(expected, stored + _squares(local), stored + _squares(inherited), distance, noise_gain)


def incoming(reference: Reference, graph: TapGraph, tap: Tap, truth: Captured, side: Captured) -> float:
    """‖x_side - x_truth‖ over all captured inputs at real tokens."""
    total = 0.0
    for name in captured_inputs(graph, tap, side):
        if name in truth:
            source = graph[name]
            pair = (real_rows(array[name], source, reference.tokens) for array in (truth, side))
            total += float(differences(*pair).error_squares.sum())
    return math.sqrt(total)


def gain(inherited: Differences, came_in: float) -> float | None:
    """How much larger the error goes out than it came in; None where nothing came in."""
    return math.sqrt(float(inherited.error_squares.sum())) / came_in if came_in > 0 else None


def _squares(found: Differences) -> Floats:
    """Of the error at each token."""
    squares: Floats = found.error_squares.sum(axis=1)
    return squares


def _as_stored(graph: TapGraph, tap: Tap, truth: Captured, dtype: DtypeInfo) -> Captured:
    """The truth's inputs as the candidate's dtype can store them.

    An engine may hand its unrounded value to the next operation and round only the copy that it gives out, so
    inputs are known no better than this.
    """
    return {name: truth[name].astype(dtype.numpy) for name in captured_inputs(graph, tap, truth)}
