"""Telling the user what a run is doing: the seam, and the plain forms of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

__all__ = ["PlainProgress", "Progress", "SilentProgress"]


class Progress(Protocol):
    """Where a run says what it is doing."""

    def step(self, text: str) -> AbstractContextManager[None]:
        """Something that takes time: from entering to leaving the block."""
        ...

    def note(self, text: str) -> None:
        """A choice that was made on the user's behalf."""
        ...


class SilentProgress:
    """Says nothing."""

    def step(self, text: str) -> AbstractContextManager[None]:
        """Nothing."""
        return nullcontext()

    def note(self, text: str) -> None:
        """Nothing."""


@dataclass(frozen=True)
class PlainProgress:
    """One line a step, at its end, with its seconds: for files and pipes.

    Attributes:
        write: takes a line.
    """

    write: Callable[[str], None]

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Write the line when the step ends well; an error speaks for itself."""
        started = time.perf_counter()
        yield
        self.write(f"{text}  {time.perf_counter() - started:.1f} s")

    def note(self, text: str) -> None:
        """Write the line."""
        self.write(f"note: {text}")
