"""What the checkpoint computes in."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_trt_model.configuration import DTYPES
from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.keys.key import Key, show
from qwen_trt_model.lint.rule import Rule

__all__ = ["DTYPE", "LOGITS_DTYPE"]


def _find(case: LintCase) -> Iterator[LintFinding]:
    found = case.files.config.get("dtype")
    if found not in DTYPES:
        words = "nothing, and TensorRT-LLM demands it" if found is None else show(found)
        cure = "set the dtype in which the weights are stored"
        yield LintFinding("dtype", "error", "config.json: dtype", f"one of {', '.join(DTYPES)}", words, cure)


DTYPE = Rule("dtype", _find)
LOGITS_DTYPE = Key(
    "logits_dtype",
    lambda case: "float32",
    lambda config: "float32",
    "logits in 16 bits lose ties",
    severity="note",
)
