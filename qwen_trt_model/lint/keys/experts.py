"""Experts, which no dense Qwen has."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.rule import Rule

__all__ = ["EXPERTS"]


def _find(case: LintCase) -> Iterator[LintFinding]:
    found = {"moe.num_experts": case.files.section("moe").get("num_experts")}
    found["moe_num_experts"] = case.files.config.get("moe_num_experts")
    for key, value in found.items():
        if value:
            cure = "convert again: the model is dense"
            yield LintFinding("experts", "error", f"config.json: {key}", "0", str(value), cure)


EXPERTS = Rule("experts", _find)
