"""Prompt files: a text file with one prompt a line, or JSONL with texts and chats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parity.errors import ParityError

__all__ = ["Message", "Prompt", "read_prompts"]

_FORMS = '{"text": "…"} or {"messages": [{"role": "user", "content": "…"}]}'


@dataclass(frozen=True)
class Message:
    """One turn of a chat: who speaks (``system``, ``user``, ``assistant`` …), and the text."""

    role: str
    content: str


@dataclass(frozen=True)
class Prompt:
    """What one row of the batch is made from.

    Attributes:
        text: plain text; None where `messages` are given.
        messages: the turns of a chat; empty where `text` is given.
    """

    text: str | None = None
    messages: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        if (self.text is None) == (not self.messages):
            raise ParityError("a prompt is either a text or messages", cure=f"for example {_FORMS}")


def read_prompts(path: str | Path) -> tuple[Prompt, ...]:
    r"""Read the prompts of a file, in its order.

    A name that ends in ``.jsonl`` holds one JSON object a line: ``{"text": …}``, or ``{"messages": [{"role": …,
    "content": …}, …]}``. Any other file is text with one prompt a line, taken as it stands: ``\n`` within a line
    means a backslash and an n, so prompts of several lines belong in JSONL. Blank lines hold no prompt.

    Raises:
        ParityError: the file is missing, is not UTF-8 or holds no prompt, or a line is not as above; the message
            names file and line.
    """
    path = Path(path)
    lines = [(number, line) for number, line in enumerate(_read_lines(path), start=1) if line.strip()]
    if not lines:
        raise ParityError(f"{path}: holds no prompt", cure="write one prompt a line")
    if path.suffix == ".jsonl":
        return tuple(_parse_line(line, at=f"{path}:{number}") for number, line in lines)
    return tuple(Prompt(text=line) for _, line in lines)


def _read_lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ParityError(f"{path}: no such prompt file", cure="name a file with one prompt a line") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ParityError(f"{path}:{line}: not UTF-8 ({error.reason})", cure="save it as UTF-8") from error
    except OSError as error:
        raise ParityError(f"{path}: cannot be read ({error.strerror})", cure="name a prompt file") from error
    # str.splitlines would also split at form feeds and Unicode separators, which are part of a prompt.
    return (line.removesuffix("\r") for line in text.split("\n"))


def _parse_line(line: str, *, at: str) -> Prompt:
    try:
        plain = json.loads(line)
    except json.JSONDecodeError as error:
        raise ParityError(f"{at}: not JSON ({error})", cure=f"write {_FORMS}") from error
    keys = sorted(plain) if isinstance(plain, dict) else type(plain).__name__
    if keys == ["text"]:
        return Prompt(text=_text(plain["text"], key="text", at=at))
    if keys == ["messages"]:
        return Prompt(messages=_messages(plain["messages"], at=at))
    raise ParityError(f"{at}: expected one key, 'text' or 'messages', found {keys}", cure=f"write {_FORMS}")


def _messages(plain: Any, *, at: str) -> tuple[Message, ...]:
    if not isinstance(plain, list) or not plain:
        raise ParityError(f"{at}: 'messages' must be a list of at least one", cure=f"write {_FORMS}")
    return tuple(_message(item, at=f"{at}: messages[{i}]") for i, item in enumerate(plain))


def _message(plain: Any, *, at: str) -> Message:
    keys = sorted(plain) if isinstance(plain, dict) else type(plain).__name__
    if keys != ["content", "role"]:
        raise ParityError(f"{at}: expected the keys 'role' and 'content', found {keys}", cure=f"write {_FORMS}")
    return Message(_text(plain["role"], key="role", at=at), _text(plain["content"], key="content", at=at))


def _text(plain: Any, *, key: str, at: str) -> str:
    if not isinstance(plain, str) or not plain:
        raise ParityError(f"{at}: {key!r} must be a text that is not empty, found {plain!r}", cure=f"write {_FORMS}")
    return plain
