"""Gate or up clamped before or after the activation, as gpt-oss clamps them at 7."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import input_columns, token_weights, weighted
from parity.diagnose.fitting import minimum, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.thinning import thinned
from parity.replay.arrays import Floats
from parity.replay.ops import silu

__all__ = ["ACTIVATION_CLAMPED"]

_GRID = 48


@dataclass(frozen=True, eq=False)
class _Clamp:
    """What is clamped, and the product with it at a limit."""

    words: str
    clamped: Callable[[Floats, Floats], Floats]
    product: Callable[[Floats, Floats, float], Floats]


_CLAMPS = (
    _Clamp("gate is limited to at most", lambda g, u: g, lambda g, u, c: silu(np.minimum(g, c)) * u),
    _Clamp("gate is limited in size to", lambda g, u: g, lambda g, u, c: silu(np.clip(g, -c, c)) * u),
    _Clamp("up is limited in size to", lambda g, u: u, lambda g, u, c: silu(g) * np.clip(u, -c, c)),
    _Clamp(
        "gate (from above) and up (in size) are limited to",
        lambda g, u: np.maximum(g, np.abs(u)),
        lambda g, u, c: silu(np.minimum(g, c)) * np.clip(u, -c, c),
    ),
    _Clamp("silu(gate) is limited to at most", lambda g, u: silu(g), lambda g, u, c: np.minimum(silu(g), c) * u),
)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The limit is searched, on some tokens, between the smaller and the largest of what it would clamp."""
    thin = thinned(case)
    gate, up = input_columns(thin, 0), input_columns(thin, 1)
    target, unit = weighted(thin, thin.output), token_weights(thin)[:, None]
    for clamp in _CLAMPS:
        sizes = np.abs(clamp.clamped(gate, up))
        low, high = np.quantile(sizes, 0.2), sizes.max()
        if not 0 < low < high:
            continue

        def left(log_limit: float, clamp: _Clamp = clamp) -> float:
            return float(np.square(unit * clamp.product(gate, up, float(np.exp(log_limit))) - target).sum())

        solved = float(np.exp(minimum(left, np.linspace(np.log(low), np.log(high), _GRID))))
        for limit, fitted in round_numbers(solved):
            yield Prediction(f"{clamp.words} {limit:.4g}", clamp.product(case.inputs[0], case.inputs[1], limit), fitted)


ACTIVATION_CLAMPED = Hypothesis("activation_clamped", ("silu_mul",), _predict, rank=4)
