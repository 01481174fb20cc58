"""The commands that messages and answers end with, safe to paste."""

from __future__ import annotations

import shlex

__all__ = ["capture_option", "next_command"]


def next_command(run: str, tap: str) -> str:
    """The command that shows one tap in depth."""
    return f"parity report {shlex.quote(run)} --tap {tap}"


def capture_option(tap: str, layer: int | None) -> str:
    """The option that captures every tap of the layer that `tap` is in, or every tap where it is in none."""
    pattern = "all" if layer is None else tap.rsplit(".", 1)[0] + ".*"
    return f"--taps '{pattern}'"
