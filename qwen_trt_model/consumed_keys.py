"""Reading a config.json so that no key that changes the numbers goes unnoticed: every key is consumed or refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from parity.errors import ParityError

__all__ = ["ConsumedKeys", "read_config_json"]

_T = TypeVar("_T")


class ConsumedKeys:
    """The keys of one JSON object, ticked off as they are read.

    Refusals are gathered; `finish` raises one error that names them all, and every key that nobody asked for.
    """

    def __init__(self, plain: Mapping[str, Any], *, at: str) -> None:
        self._plain = plain
        self._at = at
        self._left = set(plain)
        self._refusals: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._plain

    def require(self, reasons: Mapping[str, str]) -> None:
        """Demand every key of `reasons`, which says for each what would be assumed without it.

        Raises:
            ParityError: some are missing; the message lists them all with their reasons.
        """
        missing = [f"{key} ({reason})" for key, reason in reasons.items() if key not in self._plain]
        if missing:
            raise ParityError(
                f"{self._at}: missing keys: {'; '.join(missing)}",
                cure="add them to config.json; no default is assumed for a key that changes the numbers",
            )

    def take(self, key: str, kind: type[_T]) -> _T:
        """The value of a required key.

        Raises:
            ParityError: it is missing or of another type.
        """
        self.require({key: "required"}) if key not in self._plain else None
        self._left.discard(key)
        value = self._plain[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ParityError(f"{self._at}: {key}: expected {kind.__name__}, found {value!r}")
        return value

    def take_optional(self, key: str) -> Any:
        """The value of a key as JSON has it, None where it is missing."""
        self._left.discard(key)
        return self._plain.get(key)

    def expect(self, key: str, *allowed: Any, why: str) -> None:
        """Refuse any value of `key` other than `allowed`; a missing key is fine."""
        self._left.discard(key)
        if key in self._plain and self._plain[key] not in allowed:
            self.refuse(f"{key} = {self._plain[key]!r}: {why}")

    def refuse(self, problem: str) -> None:
        """Note something that is not supported."""
        self._refusals.append(problem)

    def ignore(self, reasons: Mapping[str, str]) -> None:
        """Tick off keys that do not change the numbers; `reasons` says for each why not."""
        self._left -= set(reasons)

    @property
    def left(self) -> tuple[str, ...]:
        """Keys that nobody has asked for, sorted."""
        return tuple(sorted(self._left))

    def finish(self) -> None:
        """Raise if anything was refused or is left over.

        Raises:
            ParityError: lists all refusals and all unknown keys.
        """
        if self._refusals:
            raise ParityError(
                f"{self._at}: not supported: {'; '.join(self._refusals)}",
                cure="use a checkpoint without it: an approximation would be reported as a fault of the port",
            )
        if self._left:
            raise ParityError(
                f"{self._at}: unknown keys: {', '.join(self.left)}",
                cure="a key that does not change the numbers can be removed from a copy of config.json; one that "
                "does is not supported yet",
            )


def read_config_json(folder: Path) -> dict[str, Any]:
    """The object in `folder`/config.json.

    Raises:
        ParityError: folder or file is missing, or holds no JSON object.
    """
    path = folder / "config.json"
    if not folder.is_dir():
        raise ParityError(f"{folder}: no such folder", cure="give the folder that holds config.json and the weights")
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ParityError(f"{path}: no such file", cure="give the folder that holds config.json") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ParityError(f"{path}: not JSON ({error})", cure="copy or download it again") from error
    if not isinstance(plain, dict):
        raise ParityError(f"{path}: expected a JSON object, found {type(plain).__name__}")
    return plain
