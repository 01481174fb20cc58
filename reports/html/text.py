"""Foreign text (prompts, pieces, names from dumps) made safe to look at."""

from __future__ import annotations

import unicodedata

from parity.formatting import format_piece

__all__ = ["full_sentence", "visible_piece", "visible_text"]

_NEWLINES = str.maketrans({"\n": "⏎", "\r": "␍", "\t": "⇥"})
# Formatting characters that join letters or emoji: to escape them would take words apart.
_JOINERS = "\u200c\u200d"
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def visible_text(text: str) -> str:
    """`text` on one line, with control, formatting and unpaired surrogate characters as escapes: ``\\u202e``.

    Such characters can't be seen, reverse what stands beside them, or can't be written as UTF-8.
    """
    return "".join(map(_visible, text.translate(_NEWLINES)))


def full_sentence(text: str, *, capital: bool = True) -> str:
    """`text` with a full stop, and with a capital where it begins with a word."""
    end = "" if text.endswith((".", "…", ":")) else "."
    return (text[:1].upper() + text[1:] if capital else text) + end


def visible_piece(piece: str) -> str:
    """A token's text with spaces visible as well."""
    return visible_text(format_piece(piece))


def _visible(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _INVISIBLE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
