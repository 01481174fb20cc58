"""Shapes: cut as the ranks are, not transposed, padded at most with zero rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from parity.formatting import format_shape
from qwen_trt_model.lint.case import LintCase, StoredPair
from qwen_trt_model.lint.comparable import is_quantised, padded_rows
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import FLOATS, map_stored
from qwen_trt_model.lint.values import Wanted

__all__ = ["SHAPES"]


def _find(case: LintCase) -> Iterator[LintFinding]:
    for pair in case.pairs():
        if is_quantised(case, pair) or pair.stored.shape == pair.expected.shape:
            continue
        rows = padded_rows(pair)
        if rows == 0:
            yield _misshaped(case, pair)
        elif map_stored(pair.stored)[-rows:].astype(np.float32).any():
            subject, cure = case.place(pair.expected), "fill the padding with zeros: it takes part in the softmax"
            found = f"{rows} rows more, not all zero"
            expected = f"{format_shape(pair.expected.shape)}, or zero rows behind it"
            yield LintFinding("padding", "warning", subject, expected, found, cure)


def _misshaped(case: LintCase, pair: StoredPair) -> LintFinding:
    expected, found = (format_shape(shape) for shape in (pair.expected.shape, pair.stored.shape))
    subject, cure = case.place(pair.expected), "convert again"
    if pair.stored.shape == pair.expected.shape[::-1] and _is_transpose(case, pair):
        cure = "store weights as [out, in], as Hugging Face does, and not transposed"
        return LintFinding("transposed", "error", subject, expected, f"{found}: it is transposed", cure)
    if pair.stored.shape == pair.expected.whole.shape:
        found, cure = f"{found}: it is not cut", "cut it for the ranks that mapping says"
        return LintFinding("not_cut", "error", subject, expected, found, cure)
    return LintFinding("shape", "error", subject, expected, found, cure)


def _is_transpose(case: LintCase, pair: StoredPair) -> bool:
    if pair.stored.dtype not in FLOATS or len(pair.stored.shape) != 2:
        return False
    found = map_stored(pair.stored)
    wanted = Wanted(case.source, pair.expected.pieces, found.dtype, pair.expected.padding)
    return np.array_equal(wanted.at([0])[0], found[:, 0])


SHAPES = Rule("shapes", _find)
