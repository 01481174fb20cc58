"""Inputs rounded to a grid of few bits before the product, alone or together with the weights (W8A8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import input_columns
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.formats import FORMATS
from parity.diagnose.grids import Grid, column_extremes, quantised
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output, stored_weight
from parity.replay.arrays import Floats

__all__ = ["INPUTS_QUANTISED"]

_E4M3 = next(format_ for format_ in FORMATS if format_.short == "fp8 e4m3")


@dataclass(frozen=True, eq=False)
class _Scheme:
    """A scale's divisor and the rounding to whole steps."""

    name: str
    divisor: float
    rounded: Callable[[Floats], Floats]

    def __call__(self, x: Floats, largest: Floats | float) -> Floats:
        scale = np.where(np.asarray(largest) > 0, np.asarray(largest) / self.divisor, 1.0)
        return self.rounded(np.clip(x / scale, -self.divisor, self.divisor)) * scale


_SCHEMES = (
    _Scheme("int8", 127, np.rint),
    _Scheme("fp8 e4m3", 448, _E4M3.nearest),
    _Scheme("int4", 7, np.rint),
)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    excerpt = linear_excerpt(case)
    scale = excerpt.scale[:, None]
    few = np.divide(excerpt.x, scale, out=np.zeros_like(excerpt.x), where=scale > 0)
    flat = case.inputs[0].reshape(*case.inputs[0].shape[:2], -1)  # [batch, token, in]
    of_all = float(np.abs(input_columns(case)).max())
    for scheme in _SCHEMES:
        for per, few_largest, largest in (
            ("token", np.abs(few).max(axis=1, keepdims=True), np.abs(flat).max(axis=-1, keepdims=True)),
            ("tensor", of_all, of_all),
        ):
            x = scheme(few, few_largest) * scale
            for name, rounded in _roundings(case, scheme):
                if excerpt.is_promising(excerpt.linear(rounded(excerpt.weight), x=x)):
                    output = linear_output(case, weight=rounded(stored_weight(case)), x=scheme(flat, largest))
                    sentence = f"the inputs are quantised to {scheme.name} per {per}{name}"
                    yield Prediction(sentence, output, fitted=1)


def _roundings(case: SourceCase, scheme: _Scheme) -> Iterator[tuple[str, Callable[[Floats], Floats]]]:
    """What happens to the weights: nothing, or the same as to the inputs, fp8 per tensor and integers per row."""
    stored = case.parameters.weight
    assert stored is not None
    extremes = column_extremes(stored)
    yield "", lambda rows: rows
    if scheme.name == "fp8 e4m3":
        largest = max(float(extremes.largest.max()), -float(extremes.least.min()))
        yield ", weights too", lambda rows: scheme(rows, largest)
    else:
        grid = Grid(4 if scheme.name == "int4" else 8, 0, int(scheme.divisor))
        yield ", weights too", lambda rows: quantised(rows, grid, extremes)


INPUTS_QUANTISED = Hypothesis("inputs_quantised", ("linear",), _predict, rank=4)
