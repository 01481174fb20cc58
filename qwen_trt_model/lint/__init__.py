"""`parity lint`: is this TensorRT-LLM checkpoint that Hugging Face model? Told from the files alone, in seconds."""

from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.lint import lint, preflight_checkpoint
from qwen_trt_model.lint.report import LintReport, require_clean

__all__ = ["LintFinding", "LintReport", "lint", "preflight_checkpoint", "require_clean"]
