"""Which model it is."""

from __future__ import annotations

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.keys.key import MISSING, Key

__all__ = ["ARCHITECTURE", "HIDDEN_ACT", "QWEN_TYPE"]

_ARCHITECTURES = {"qwen": "QWenLMHeadModel", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}
_ALSO = {"qwen": ("QWenForCausalLM",)}


def _architecture(case: LintCase) -> str:
    kind = case.source.keys.model_type
    found = case.files.config.get("architecture")
    return str(found) if found in _ALSO.get(kind, ()) else _ARCHITECTURES[kind]


ARCHITECTURE = Key(
    "architecture",
    _architecture,
    lambda config: MISSING,
    "it decides which network is built",
)
QWEN_TYPE = Key(
    "qwen_type",
    lambda case: case.source.keys.model_type,
    lambda config: MISSING,
    "it decides on head norms, and on the width of a Qwen-1's MLP",
)
HIDDEN_ACT = Key(
    "hidden_act",
    lambda case: case.source.keys.hidden_act,
    lambda config: "gelu",
    "the gate is activated by it",
)
