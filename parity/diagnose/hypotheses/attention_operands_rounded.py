"""Queries, keys or values that are coarser inside attention than outside: a kernel's format, or a quantised cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.formats import Format, coarser_formats
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats
from parity.replay.ops import probabilities

__all__ = ["ATTENTION_OPERANDS_ROUNDED"]

_Rounding = Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False)
class _Operands:
    """What happens to each operand of attention; None for nothing."""

    queries: _Rounding | None = None
    keys: _Rounding | None = None
    values: _Rounding | None = None

    def __call__(self, rows: AttentionRows) -> AttentionRows:
        pairs = ((self.queries, rows.queries), (self.keys, rows.keys), (self.values, rows.values))
        q, k, v = (array if rounding is None else rounding(array) for rounding, array in pairs)
        return replace(rows, queries=q, keys=k, values=v)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Floating-point formats for any of them, integers for keys and values with a scale for a tensor, head or token."""
    return attention_predictions(case, _guesses(case, attention_tap(case)))


def _guesses(case: SourceCase, tap: AttentionTap) -> Iterator[Guess[Variation]]:
    for format_ in coarser_formats(case.dtype.unit_roundoff):
        near, short = format_.saturated, format_.short
        yield Guess(f"q and k are rounded to {short}", Variation(inputs=_Operands(near, near)))
        if tap.op == "attention":
            yield Guess(f"all operands of attention are rounded to {short}", _every_operand(format_))
            yield Guess(f"q, k and v are rounded to {short}", Variation(inputs=_Operands(near, near, near)))
            yield Guess(f"k and v are rounded to {short}", Variation(inputs=_Operands(None, near, near)))
            yield Guess(f"v is rounded to {short}", Variation(inputs=_Operands(None, None, near)))
        yield Guess(f"k is rounded to {short}", Variation(inputs=_Operands(None, near)))
    yield from _quantised(tap)


def _every_operand(format_: Format) -> Variation:
    def weights(scores: Floats, mask: Bools) -> Floats:
        return format_.nearest(probabilities(scores, mask))

    near = format_.saturated
    return Variation(inputs=_Operands(near, near, near), weights=weights)


def _quantised(tap: AttentionTap) -> Iterator[Guess[Variation]]:
    keys, values = tap.everything.keys, tap.everything.values  # [prompt, key, kv_head, channel], zero at padding
    for bits in (8, 4):
        for per, axes in (("tensor", None), ("head", (0, 1, 3)), ("token and head", (3,))):
            of_keys, of_values = _steps(keys, axes, bits), _steps(values, axes, bits)
            words = f"quantised to int{bits}, with a scale for each {per}"
            if tap.op == "attention":
                yield Guess(f"k and v are {words}", Variation(inputs=_Operands(None, of_keys, of_values)), 1)
                yield Guess(f"v is {words}", Variation(inputs=_Operands(None, None, of_values)), 1)
            yield Guess(f"k is {words}", Variation(inputs=_Operands(None, of_keys)), 1)


def _steps(array: Floats, axes: tuple[int, ...] | None, bits: int) -> _Rounding:
    """Rounding to whole multiples of the largest magnitude along `axes` over the largest integer."""
    top = 2 ** (bits - 1) - 1
    largest = np.abs(array).max(axis=axes, keepdims=True) if array.size else np.ones((1,) * array.ndim)
    step = np.where(largest > 0, largest / top, 1.0)
    return lambda x: np.clip(np.rint(x / step), -top - 1, top) * step


ATTENTION_OPERANDS_ROUNDED = Hypothesis("attention_operands_rounded", ("scores", "attention"), _predict, rank=4)
