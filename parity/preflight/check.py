"""What a check of dumps is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from parity.finding import Finding
from parity.preflight.sides import DumpSides

__all__ = ["DumpCheck"]


@dataclass(frozen=True)
class DumpCheck:
    """A look at dumps that judges no layer.

    Attributes:
        name: what its findings are called.
        find: gives what it found; nothing where all is well.
    """

    name: str
    find: Callable[[DumpSides], Iterator[Finding]]
