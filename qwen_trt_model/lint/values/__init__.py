"""Looking at stored values: what they should be, whether they are, and which rows and columns are alike."""

from qwen_trt_model.lint.values.differences import Differences, find_differences
from qwen_trt_model.lint.values.fingerprints import column_fingerprints, row_fingerprints
from qwen_trt_model.lint.values.steps import rounding_error, step
from qwen_trt_model.lint.values.wanted import Wanted, as_matrix, rounded_to

__all__ = [
    "Differences",
    "Wanted",
    "as_matrix",
    "column_fingerprints",
    "find_differences",
    "rounded_to",
    "rounding_error",
    "row_fingerprints",
    "step",
]
