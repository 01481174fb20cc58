"""Progress on a terminal: a spinner while a step runs, a line when it is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.markup import escape

from parity.session import PlainProgress, Progress, SilentProgress

__all__ = ["choose_progress"]


def choose_progress(*, quiet: bool) -> Progress:
    """A spinner on a terminal, plain lines otherwise; nothing where `quiet`. All of it on stderr."""
    if quiet:
        return SilentProgress()
    console = Console(stderr=True)
    return (
        _SpinnerProgress(console) if console.is_terminal else PlainProgress(partial(print, file=sys.stderr, flush=True))
    )


@dataclass(frozen=True)
class _SpinnerProgress:
    console: Console

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        started = time.perf_counter()
        with self.console.status(f"{escape(text)} …"):
            yield
        self.console.print(f"[green]✓[/] {escape(text)} [dim]{time.perf_counter() - started:.1f} s[/]", highlight=False)

    def note(self, text: str) -> None:
        self.console.print(f"[yellow]•[/] {escape(text)}", highlight=False)
