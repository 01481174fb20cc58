"""Keys that nothing here knows: they may change numbers, so they are listed."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.keys.known import KNOWN_KEYS
from qwen_trt_model.lint.rule import Rule

__all__ = ["UNREAD_KEYS"]


def _find(case: LintCase) -> Iterator[LintFinding]:
    ours = tuple(sorted(set(case.files.config) - KNOWN_KEYS))
    for where, names in (("config.json", ours), ("config.json of Hugging Face", case.source.keys.unread)):
        if names:
            yield LintFinding(
                "unread_keys",
                "warning",
                f"{where}: {', '.join(names)}",
                "keys that this check knows",
                f"{len(names)} that it does not",
                "look up what they do: one that changes the numbers has to reach the engine",
                places=len(names),
            )


UNREAD_KEYS = Rule("unread_keys", _find)
