"""Exit statuses, for scripts and continuous integration to tell apart."""

from __future__ import annotations

__all__ = ["DEFECT", "DIVERGENCE", "INTERRUPTED", "MISUSE", "PARITY"]

PARITY = 0
"""The command did what it was asked for, and no tap fails."""

DIVERGENCE = 1
"""A comparison was made, and it fails."""

MISUSE = 2
"""Wrong usage or bad input: one message with its cure, nothing was compared."""

DEFECT = 3
"""An error of this package itself, with a traceback: never to be taken for a divergence."""

INTERRUPTED = 130
"""Ctrl-C, as shells number it."""
