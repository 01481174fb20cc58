"""Biases and scalings of attention."""

from __future__ import annotations

from typing import Any

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.keys.key import MISSING, Key

__all__ = ["ATTN_BIAS", "DENSE_BIAS", "MLP_BIAS", "SEQ_LENGTH", "USE_LOGN_ATTN"]


def _seq_length(case: LintCase) -> Any:
    """Of effect only where queries are scaled."""
    return case.source.keys.seq_length if case.source.keys.logn else MISSING


ATTN_BIAS = Key(
    "attn_bias",
    lambda case: case.source.network.attn_bias,
    lambda config: True,
    "Qwen-1 and Qwen2 have biases on q, k and v, Qwen3 has none",
)
MLP_BIAS = Key("mlp_bias", lambda case: False, lambda config: False, "no Qwen has biases in its MLP")
DENSE_BIAS = Key("dense_bias", lambda case: False, lambda config: False, "no bias stands behind attention")
USE_LOGN_ATTN = Key(
    "use_logn_attn",
    lambda case: case.source.keys.logn,
    lambda config: False,
    "queries beyond seq_length tokens are scaled by log n, or are not",
)
SEQ_LENGTH = Key("seq_length", _seq_length, lambda config: 8192, "logn scaling begins there")
