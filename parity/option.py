"""What an option is, to the command line and to pytest alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Option"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Option(Generic[_T]):
    """One option.

    Attributes:
        name: without dashes: ``chat-template``; pytest knows it as ``--parity-chat-template``.
        metavar: what stands for the value in help texts; empty for a switch.
        help: what it does, in full sentences.
        panel: heading under which help texts list it.
        default: the value where it is not given: False for a switch, an empty tuple where it may be repeated.
        convert: makes the value of the text that was typed.
        choices: the texts that are allowed; empty where any is.
    """

    name: str
    metavar: str
    help: str
    panel: str
    default: _T
    convert: Callable[[str], Any] = str
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """The option on the command line: ``--chat-template``."""
        return f"--{self.name}"

    @property
    def suite_flag(self) -> str:
        """The option in pytest: ``--parity-chat-template``."""
        return f"--parity-{self.name}"

    @property
    def suite_dest(self) -> str:
        """The name under which pytest keeps the value: ``parity_chat_template``."""
        return f"parity_{self.name.replace('-', '_')}"

    @property
    def is_switch(self) -> bool:
        """Whether it takes no value."""
        return isinstance(self.default, bool)

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be given several times."""
        return isinstance(self.default, tuple)
