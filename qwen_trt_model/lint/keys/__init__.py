"""Rules about keys of the two configurations."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.keys.attention import ATTN_BIAS, DENSE_BIAS, MLP_BIAS, SEQ_LENGTH, USE_LOGN_ATTN
from qwen_trt_model.lint.keys.dtypes import DTYPE, LOGITS_DTYPE
from qwen_trt_model.lint.keys.experts import EXPERTS
from qwen_trt_model.lint.keys.identity import ARCHITECTURE, HIDDEN_ACT, QWEN_TYPE
from qwen_trt_model.lint.keys.key import Key, check_key
from qwen_trt_model.lint.keys.known import KNOWN_KEYS
from qwen_trt_model.lint.keys.long_prompts import DYNAMIC_NTK, SLIDING_WINDOW
from qwen_trt_model.lint.keys.norm_epsilon import NORM_EPSILON
from qwen_trt_model.lint.keys.rotary import POSITION_EMBEDDING_TYPE, ROTARY_BASE, ROTARY_PART
from qwen_trt_model.lint.keys.rotary_scaling import ROTARY_SCALING
from qwen_trt_model.lint.keys.sizes import SIZES
from qwen_trt_model.lint.keys.unread import UNREAD_KEYS
from qwen_trt_model.lint.rule import Rule

__all__ = ["KEYS", "KEY_RULES", "KNOWN_KEYS"]

KEYS: tuple[Key, ...] = (
    ARCHITECTURE,
    QWEN_TYPE,
    *SIZES,
    HIDDEN_ACT,
    NORM_EPSILON,
    POSITION_EMBEDDING_TYPE,
    ATTN_BIAS,
    MLP_BIAS,
    DENSE_BIAS,
    USE_LOGN_ATTN,
    SEQ_LENGTH,
    LOGITS_DTYPE,
)
"""Keys that are compared by value."""


def _find(case: LintCase) -> Iterator[LintFinding]:
    for key in KEYS:
        yield from check_key(case, key)


KEY_RULES: tuple[Rule, ...] = (
    Rule("keys", _find),
    ROTARY_BASE,
    ROTARY_PART,
    ROTARY_SCALING,
    DTYPE,
    EXPERTS,
    SLIDING_WINDOW,
    DYNAMIC_NTK,
    UNREAD_KEYS,
)
"""Every rule that looks at configurations alone."""
