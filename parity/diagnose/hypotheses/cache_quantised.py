"""Keys and values that went through a quantised cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from parity.diagnose.attention_rows import AttentionRows
from parity.diagnose.attention_tap import channels_of
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.formats import FORMATS
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["CACHE_QUANTISED"]

_Rounding = Callable[[Floats], Floats]
_E4M3, _E5M2 = (format_ for format_ in FORMATS if format_.short.startswith("fp8"))
_SHARED: Mapping[str, tuple[int, ...]] = {
    "of the whole tensor": (0, 1, 2, 3),
    "of each token": (2, 3),
    "of each token and head": (3,),
}
"""Which axes of ``[prompt, key, kv_head, channel]`` share a scale."""


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Both of them, or one; scales are those of whole vectors, though samples hold only some of their channels."""
    keys, values = case.inputs[1:3]
    return attention_predictions(case, _guesses(np.nan_to_num(keys), np.nan_to_num(values)))


def _guesses(keys: Floats, values: Floats) -> Iterator[Guess[Variation]]:
    for words, rounding in _roundings():
        rounded = rounding(keys), rounding(values)
        yield Guess(f"keys and values are rounded to {words}, as in a quantised cache", _rounded(*rounded), 1)
        yield Guess(f"keys are rounded to {words}, as in a quantised cache", _rounded(rounded[0], None), 1)
        yield Guess(f"values are rounded to {words}, as in a quantised cache", _rounded(None, rounded[1]), 1)


def _roundings() -> Iterator[tuple[str, _Rounding]]:
    for format_ in (_E4M3, _E5M2):
        yield f"{format_.short} without a scale", format_.saturated
    for shared, axes in _SHARED.items():
        yield f"fp8 e4m3 by a scale {shared}", _scaled(_E4M3.largest, axes, _E4M3.saturated)
        yield f"int8 by a scale {shared}", _scaled(127.0, axes, np.rint)
        yield f"int4 by a scale {shared}", _scaled(7.0, axes, np.rint)


def _scaled(largest: float, axes: tuple[int, ...], nearest: _Rounding) -> _Rounding:
    def rounding(x: Floats) -> Floats:
        scale = np.abs(x).max(axis=axes, keepdims=True) / largest
        scale = np.where(scale > 0, scale, 1.0)
        return nearest(x / scale) * scale

    return rounding


def _rounded(keys: Floats | None, values: Floats | None) -> Variation:
    def inputs(rows: AttentionRows) -> AttentionRows:
        if values is not None:
            rows = rows.with_values(channels_of(values, rows))
        return rows if keys is None else replace(rows, keys=keys, captured=None)

    return Variation(inputs=inputs)


CACHE_QUANTISED = Hypothesis("cache_quantised", ("attention",), _predict, rank=4)
