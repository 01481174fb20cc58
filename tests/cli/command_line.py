"""Types of the fixture `parity`, which runs the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Command", "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """How a command ended: exit status, standard output and standard error."""

    status: int
    out: str
    err: str


Command = Callable[..., Outcome]
