"""Prompts of a single token: rotary embedding, mask and softmax do nothing there, so half of all faults can't show."""

from __future__ import annotations

from collections.abc import Iterator

from parity.finding import Finding
from parity.preflight.check import DumpCheck
from parity.preflight.sides import DumpSides

__all__ = ["ONE_TOKEN"]

_NAME = "one_token"


def _find(sides: DumpSides) -> Iterator[Finding]:
    if sides.phases and all(int(phase.tokens.positions[phase.tokens.mask].max()) == 0 for phase in sides.phases):
        yield Finding(
            _NAME,
            "warning",
            "prompts",
            "every token stands at position 0, where rotary embedding, causal mask and softmax do nothing: faults of "
            "these can't show",
            "give prompts of some hundred tokens",
        )


ONE_TOKEN = DumpCheck(_NAME, _find)
