"""Stored dtypes: those that config.json says."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_trt_model.configuration import DTYPES
from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.comparable import is_quantised
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import stored_dtype

__all__ = ["STORED_DTYPES"]


def _find(case: LintCase) -> Iterator[LintFinding]:
    said = case.files.config.get("dtype")
    for pair in case.pairs():
        found = stored_dtype(pair.stored)
        if said in DTYPES and not is_quantised(case, pair) and str(found) != said:
            subject, cure = (
                case.place(pair.expected),
                "store every tensor in the dtype of config.json, or change it there",
            )
            words = pair.stored.dtype if found is None else str(found)
            yield LintFinding("stored_dtype", "error", subject, f"{said}, as config.json says", words, cure)


STORED_DTYPES = Rule("stored_dtypes", _find)
