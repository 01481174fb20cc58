"""A key of the checkpoint's config.json: what it should be, and what TensorRT-LLM takes where it is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding

__all__ = ["MISSING", "Key", "check_key", "show"]

MISSING = object()
"""The default of a key that TensorRT-LLM demands."""


@dataclass(frozen=True)
class Key:
    """How one key is checked.

    Attributes:
        name: the key.
        expected: what it should be, for this model; `MISSING` where there is nothing to compare with.
        default: what TensorRT-LLM takes where the key is missing, given all of config.json.
        why: what a wrong value does, as the end of a sentence.
        severity: of a wrong value.
        check: name of the finding; the key's own where empty.
    """

    name: str
    expected: Callable[[LintCase], Any]
    default: Callable[[Mapping[str, Any]], Any]
    why: str
    severity: str = "error"
    check: str = ""


def check_key(case: LintCase, key: Key) -> Iterator[LintFinding]:
    """The finding of a key whose value, given or taken by default, is not what the model needs."""
    expected = key.expected(case)
    given = key.name in case.files.config and case.files.config[key.name] is not None
    found = case.files.config[key.name] if given else key.default(case.files.config)
    if expected is MISSING or _equal(found, expected):
        return
    if found is MISSING:
        words = "nothing, and TensorRT-LLM demands it"
    else:
        words = show(found) if given else f"nothing, so that TensorRT-LLM takes {show(found)}"
    cure = f'set "{key.name}": {show(expected)}; {key.why}'
    yield LintFinding(key.check or key.name, key.severity, f"config.json: {key.name}", show(expected), words, cure)


def show(value: Any) -> str:
    """A value as JSON has it, numbers shortly."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:g}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _equal(found: Any, expected: Any) -> bool:
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, (int, float)) and isinstance(expected, (int, float)):
        return abs(found - expected) <= 1e-12 * abs(expected)
    return bool(found == expected)
