"""What a tensor holds in place of the wanted values."""

from qwen_trt_model.lint.explain.explanations import EXPLANATIONS, explain, explain_or_measure
from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch, part_label

__all__ = ["EXPLANATIONS", "Explanation", "Mismatch", "explain", "explain_or_measure", "part_label"]
