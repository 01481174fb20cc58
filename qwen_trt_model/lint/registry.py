"""Every rule, in the order in which it is applied."""

from __future__ import annotations

from qwen_trt_model.lint.keys import KEY_RULES
from qwen_trt_model.lint.quantised import QUANTISED_RULES
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.rules.cast_loss import CAST_LOSS
from qwen_trt_model.lint.rules.identical_ranks import IDENTICAL_RANKS
from qwen_trt_model.lint.rules.names import NAMES
from qwen_trt_model.lint.rules.rank_files import RANK_FILES
from qwen_trt_model.lint.rules.shapes import SHAPES
from qwen_trt_model.lint.rules.stored_dtypes import STORED_DTYPES
from qwen_trt_model.lint.rules.unused_source import UNUSED_SOURCE
from qwen_trt_model.lint.rules.values import VALUES

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (
    *KEY_RULES,
    RANK_FILES,
    NAMES,
    SHAPES,
    STORED_DTYPES,
    VALUES,
    CAST_LOSS,
    IDENTICAL_RANKS,
    UNUSED_SOURCE,
    *QUANTISED_RULES,
)
"""Every rule; a rule that a checkpoint gives no occasion for finds nothing."""
