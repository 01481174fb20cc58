"""Plain lines on a console, wrapped and labelled: the same for grep every time."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from parity.answer.parts import LABEL_WIDTH, Part

__all__ = ["labelled", "put", "wrapped"]


def put(console: Console, *lines: str, style: str = "") -> None:
    """Print lines as they are: rich would wrap them at 80 columns in a pipe."""
    for line in lines:
        console.print(Text(line, style=style), soft_wrap=True)


def wrapped(text: str, width: int, *, indent: int = 0) -> list[str]:
    """`text` in lines of at most `width` columns; all but the first begin with `indent` spaces."""
    return textwrap.wrap(text, width, subsequent_indent=" " * indent, break_on_hyphens=False, break_long_words=False)


def labelled(parts: Iterable[Part], width: int) -> list[str]:
    """Each text beside its label, wrapped."""
    indent = LABEL_WIDTH + 1
    return [line for label, text in parts for line in wrapped(f"{label:<{indent}}{text}", width, indent=indent)]
