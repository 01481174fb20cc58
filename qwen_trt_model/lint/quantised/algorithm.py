"""The algorithm: known, and what of it can be checked at rest."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.quantised.format import FORMATS
from qwen_trt_model.lint.quantised.layers import quantised_layers
from qwen_trt_model.lint.rule import Rule

__all__ = ["ALGORITHM"]

_SUBJECT = "config.json: quantization.quant_algo"


def _find(case: LintCase) -> Iterator[LintFinding]:
    algorithm = case.files.section("quantization").get("quant_algo")
    if not algorithm:
        return
    if algorithm not in FORMATS:
        cure = "check the linear layers by running them; names, norms, embedding and head were checked"
        found = f"{algorithm}, whose layout is not known to this check"
        yield LintFinding("quantised_unknown", "warning", _SUBJECT, f"one of {', '.join(FORMATS)}", found, cure)
        return
    if any(not layer.form.readable for layer in quantised_layers(case)):
        found = f"{algorithm}: codes in an order made for GPU kernels; names, shapes and scales are checked"
        cure = "judge the engine layer by layer: parity run"
        yield LintFinding("codes_unchecked", "note", _SUBJECT, "codes that can be read", found, cure)


ALGORITHM = Rule("algorithm", _find)
