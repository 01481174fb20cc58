"""What goes into every side, as far as a dump can tell: without prompts, tokenizer or framework."""

from __future__ import annotations

from parity.dump import Dump
from parity.tokens import Phase

__all__ = ["phases_of", "selection_of"]


def phases_of(dump: Dump) -> tuple[Phase, ...]:
    """The phases that `dump` was recorded with, to be run again on another side."""
    return tuple(Phase(record.name, dump.phase(record.name).tokens) for record in dump.manifest.phases)


def selection_of(dump: Dump) -> str:
    """The taps of `dump`, as a selection that `parity.taps.select_taps` reads."""
    return ",".join(dict.fromkeys(tap.name for phase in dump.manifest.phases for tap in phase.taps))
