"""What the Hugging Face model does to long prompts and TensorRT-LLM's Qwen does not."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.rule import Rule

__all__ = ["DYNAMIC_NTK", "SLIDING_WINDOW"]


def _find_ntk(case: LintCase) -> Iterator[LintFinding]:
    keys = case.source.keys
    if keys.dynamic_ntk:
        yield LintFinding(
            "dynamic_ntk",
            "warning",
            "config.json of Hugging Face: use_dynamic_ntk",
            f"a rotary base that grows for prompts of more than {keys.seq_length} tokens",
            "no key of the checkpoint that says so, and no code in TensorRT-LLM that does it",
            f"keep prompts within {keys.seq_length} tokens, on both sides",
        )


def _find_window(case: LintCase) -> Iterator[LintFinding]:
    window = case.source.keys.sliding_window
    if window is not None:
        yield LintFinding(
            "sliding_window",
            "warning",
            "config.json of Hugging Face: use_sliding_window",
            f"some layers that see the last {window} tokens alone",
            "no key of the checkpoint that says so: every layer sees all",
            f"keep prompts within {window} tokens, or give --max_attention_window_size when the engine runs",
        )


DYNAMIC_NTK = Rule("dynamic_ntk", _find_ntk)
SLIDING_WINDOW = Rule("sliding_window", _find_window)
