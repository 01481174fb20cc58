"""Rotary embedding: kind, base, part of the head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.keys.key import Key, check_key, show
from qwen_trt_model.lint.rule import Rule

__all__ = ["POSITION_EMBEDDING_TYPE", "ROTARY_BASE", "ROTARY_PART"]

POSITION_EMBEDDING_TYPE = Key(
    "position_embedding_type",
    lambda case: "rope_gpt_neox",
    lambda config: "learned_absolute",
    "Qwen rotates the two halves of each head against each other",
)

_BASE = Key(
    "rotary_base",
    lambda case: case.source.network.rotary_base,
    lambda config: 10000.0,
    "frequencies are powers of it; errors grow with the position",
)
_FALLBACKS = {
    10000.0: "the default of TensorRT-LLM, and of transformers 4 for a config.json that transformers 5 wrote (theta in "
    "rope_parameters)",
    100000.0: "the default of TensorRT-LLM's converter where the configuration object has no rope_theta, as in "
    "transformers 5",
}


def _find_base(case: LintCase) -> Iterator[LintFinding]:
    """Say where a wrong base comes from, if it is a default."""
    key = case.source.keys.rotary_key
    for finding in check_key(case, _BASE):
        value = case.files.config.get("rotary_base")
        origin = _FALLBACKS.get(float(value), "") if isinstance(value, (int, float)) else ""
        found = f"{finding.found}, {origin}" if origin else finding.found
        expected = f"{finding.expected} ({key} of the Hugging Face model)"
        yield replace(finding, expected=expected, found=found)


def _find_part(case: LintCase) -> Iterator[LintFinding]:
    """``rotary_embedding_dim``, or ``rotary_dim`` or ``rotary_pct`` where it is missing."""
    config, network = case.files.config, case.source.network
    size = config.get("head_size") or network.head_size
    expected = round(network.head_size * case.source.keys.rotary_part)
    for key in ("rotary_embedding_dim", "rotary_dim", "rotary_pct"):
        value = config.get(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            continue
        found = round(size * value) if key == "rotary_pct" else value
        if found != expected:
            words = f"{show(value)}, so that {found} channels are rotated"
            cure = f"remove {key}: Qwen rotates whole heads"
            yield LintFinding("rotary_part", "error", f"config.json: {key}", f"{expected} channels", words, cure)
        return


ROTARY_BASE = Rule("rotary_base", _find_base)
ROTARY_PART = Rule("rotary_part", _find_part)
