"""All explanations, the most specific first."""

from __future__ import annotations

from qwen_trt_model.lint.explain.another_tensor import explain_another_tensor
from qwen_trt_model.lint.explain.clamped import explain_clamped
from qwen_trt_model.lint.explain.columns_moved import explain_columns_moved
from qwen_trt_model.lint.explain.different import explain_different
from qwen_trt_model.lint.explain.factors import explain_column_factors, explain_factor, explain_row_factors
from qwen_trt_model.lint.explain.mismatch import Explain, Explanation, Mismatch
from qwen_trt_model.lint.explain.not_finite import explain_not_finite
from qwen_trt_model.lint.explain.offset import explain_offset
from qwen_trt_model.lint.explain.rounded_otherwise import explain_rounded_otherwise
from qwen_trt_model.lint.explain.rows_moved import explain_rows_moved
from qwen_trt_model.lint.explain.smoothed import explain_smoothed
from qwen_trt_model.lint.explain.transposed import explain_transposed
from qwen_trt_model.lint.explain.zeroed import explain_zeroed

__all__ = ["EXPLANATIONS", "explain", "explain_or_measure"]

EXPLANATIONS: tuple[Explain, ...] = (
    explain_not_finite,
    explain_zeroed,
    explain_another_tensor,
    explain_rows_moved,
    explain_columns_moved,
    explain_transposed,
    explain_smoothed,
    explain_clamped,
    explain_rounded_otherwise,
    explain_factor,
    explain_offset,
    explain_row_factors,
    explain_column_factors,
)
"""Every defect that is recognised by its values."""


def explain(mismatch: Mismatch) -> Explanation | None:
    """The first explanation that reproduces the stored values; None where there is none."""
    return next(filter(None, (candidate(mismatch) for candidate in EXPLANATIONS)), None)


def explain_or_measure(mismatch: Mismatch) -> Explanation:
    """The same, or how far the values are from the wanted ones."""
    return explain(mismatch) or explain_different(mismatch)
