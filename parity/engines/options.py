"""Reading the options of an engine: which there are, and what they may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parity.errors import ParityError

__all__ = ["COPIES", "require_choices", "require_known", "whole_number"]

COPIES = ("fp32", "own", "none")
"""What a tap can be put out as: a copy in fp32 or in its own type, or the tensor itself."""


def require_known(engine: str, options: Mapping[str, str], known: Sequence[str]) -> None:
    """Make sure that `engine` has every one of `options`.

    Raises:
        ParityError: it has not.
    """
    if unknown := sorted(set(options) - set(known)):
        raise ParityError(f"{engine} has no option {', '.join(unknown)}", cure=f"its options are {', '.join(known)}")


def require_choices(engine: str, options: Mapping[str, str], choices: Mapping[str, Sequence[str]]) -> None:
    """Make sure that each of `options` that has `choices` is one of them.

    Raises:
        ParityError: one is not.
    """
    for name, allowed in choices.items():
        if name in options and options[name] not in allowed:
            raise ParityError(f"{engine}: unknown {name} {options[name]!r}", cure=f"use one of {', '.join(allowed)}")


def whole_number(engine: str, options: Mapping[str, str], name: str, *, default: int, most: int | None = None) -> int:
    """The option `name` as a number from 0 to `most`, `default` where it is not given.

    Raises:
        ParityError: it is no such number.
    """
    text = options.get(name, str(default))
    if not text.isdigit() or (most is not None and int(text) > most):
        within = f" from 0 to {most}" if most is not None else ""
        raise ParityError(f"{engine}: {name} must be a number{within}, found {text!r}")
    return int(text)
