"""Scaling of rotary frequencies: dropped, added, or with other parameters."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.rope_scaling import RopeScaling, parse_rope_scaling
from qwen_trt_model.lint.rule import Rule

__all__ = ["ROTARY_SCALING"]

_SUBJECT = "config.json: rotary_scaling"
_BUILT = {"linear", "dynamic", "longrope", "llama3", "yarn"}
_YARN_LENGTH = "4096"
"""What TensorRT-LLM takes for YaRN's original_max_position_embeddings where it is missing; transformers takes
max_position_embeddings."""


def _find(case: LintCase) -> Iterator[LintFinding]:
    plain = case.files.config.get("rotary_scaling")
    wanted, found = case.source.keys.rope_scaling, parse_rope_scaling(plain)
    if isinstance(plain, dict) and found is None:
        words = f"{plain}, a kind that releases up to 1.2 refuse when they build the engine"
        cure = 'set "rotary_scaling": null'
        yield LintFinding("rotary_scaling_default", "warning", _SUBJECT, "null", words, cure)
    if wanted is None and found is not None:
        cure = 'set "rotary_scaling": null'
        yield LintFinding("rotary_scaling_added", "error", _SUBJECT, "null: nothing is scaled", str(found), cure)
    elif wanted is not None and found is None:
        cure = (
            "copy rope_scaling (rope_parameters) of the Hugging Face config.json there; no prompt is right without it"
        )
        yield LintFinding("rotary_scaling_dropped", "error", _SUBJECT, str(wanted), "null: nothing is scaled", cure)
    elif wanted is not None and found is not None:
        yield from _compare(case, wanted, found)


def _compare(case: LintCase, wanted: RopeScaling, found: RopeScaling) -> Iterator[LintFinding]:
    if wanted.kind != found.kind:
        cure = "copy rope_scaling (rope_parameters) of the Hugging Face config.json there"
        yield LintFinding("rotary_scaling_kind", "error", _SUBJECT, str(wanted), str(found), cure)
        return
    if found.kind not in _BUILT:
        words = f"{found}, which TensorRT-LLM does not know"
        yield LintFinding("rotary_scaling_kind", "error", _SUBJECT, str(wanted), words, "it can't be built")
    theirs, ours = _complete(case, wanted), _taken(found)
    for name in sorted({*theirs, *ours}):
        if theirs.get(name) != ours.get(name):
            expected, given = (side.get(name, "nothing") for side in (theirs, ours))
            subject, cure = f"{_SUBJECT}.{name}", f'set "{name}": {expected}'
            yield LintFinding("rotary_scaling_parameter", "error", subject, expected, given, cure)


def _complete(case: LintCase, wanted: RopeScaling) -> dict[str, str]:
    """The parameters with those that transformers takes where they are missing."""
    length = str(case.source.network.max_position_embeddings)
    defaults = {"original_max_position_embeddings": length} if wanted.kind == "yarn" else {}
    return {**defaults, **wanted.parameters}


def _taken(found: RopeScaling) -> dict[str, str]:
    """The parameters with those that TensorRT-LLM takes where they are missing."""
    defaults = {"original_max_position_embeddings": _YARN_LENGTH} if found.kind == "yarn" else {}
    return {**defaults, **found.parameters}


ROTARY_SCALING = Rule("rotary_scaling", _find)
