"""Frozen dataclasses to JSON and back, checked on the way in.

Floats that JSON lacks are written as the strings "inf", "-inf" and "nan".
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from parity.errors import ParityError

__all__ = ["from_plain", "read_json", "to_plain", "write_json"]

_T = TypeVar("_T")


def to_plain(value: Any) -> Any:
    """Dataclasses, tuples and mappings as the dicts and lists that `json` knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def from_plain(kind: type[_T], plain: Any, *, at: str = "") -> _T:
    """Rebuild a `kind` from `to_plain`'s form.

    Args:
        kind: a dataclass, or a type that a dataclass field can have (tuples, mappings, optionals, scalars).
        plain: what `json` read.
        at: where `plain` stands, for messages.

    Raises:
        ParityError: a key is missing or unknown, or a value is of another type; the message names the key.
    """
    return typing.cast(_T, _convert(kind, plain, at))


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` so that the file is there whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(to_plain(value), indent=1, allow_nan=False, ensure_ascii=False), encoding="utf-8")
    part.replace(path)


def read_json(path: Path, kind: type[_T]) -> _T:
    """Read a `kind` from the file at `path`.

    Raises:
        ParityError: the file is missing, is no JSON, or holds something else than a `kind`.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ParityError(f"{path}: no such file") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ParityError(f"{path}: not JSON ({error})", cure="record or compare again") from error
    return from_plain(kind, plain, at=str(path))


def _convert(kind: Any, plain: Any, at: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return plain
    if origin in (typing.Union, types.UnionType):
        return _convert_optional(arguments, plain, at)
    if dataclasses.is_dataclass(kind):
        return _convert_dataclass(kind, plain, at)
    if origin is tuple:
        return _convert_tuple(arguments, plain, at)
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(plain, dict), "an object", plain, at)
        return {key: _convert(arguments[1], item, f"{at}.{key}") for key, item in plain.items()}
    return _convert_scalar(kind, plain, at)


def _convert_optional(arguments: tuple[Any, ...], plain: Any, at: str) -> Any:
    if plain is None and type(None) in arguments:
        return None
    (kind,) = (argument for argument in arguments if argument is not type(None))
    return _convert(kind, plain, at)


def _convert_dataclass(kind: Any, plain: Any, at: str) -> Any:
    _expect(isinstance(plain, dict), f"an object with the keys of {kind.__name__}", plain, at)
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = sorted(set(plain) - set(fields))
    missing = sorted(set(fields) - set(plain))
    if unknown or missing:
        raise ParityError(
            f"{at}: expected the keys of {kind.__name__}; missing {missing}, unknown {unknown}",
            cure="the file was written by another version: record or compare again",
        )
    return kind(**{name: _convert(hints[name], plain[name], f"{at}.{name}") for name in fields})


def _convert_tuple(arguments: tuple[Any, ...], plain: Any, at: str) -> tuple[Any, ...]:
    _expect(isinstance(plain, list), "a list", plain, at)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_convert(arguments[0], item, f"{at}[{i}]") for i, item in enumerate(plain))
    _expect(len(plain) == len(arguments), f"a list of {len(arguments)}", plain, at)
    return tuple(
        _convert(kind, item, f"{at}[{i}]") for i, (kind, item) in enumerate(zip(arguments, plain, strict=True))
    )


def _convert_scalar(kind: Any, plain: Any, at: str) -> Any:
    if kind is float:
        _expect(
            (isinstance(plain, (int, float)) and not isinstance(plain, bool)) or plain in ("inf", "-inf", "nan"),
            "a number",
            plain,
            at,
        )
        return float(plain)
    _expect(isinstance(plain, kind) and (kind is bool or not isinstance(plain, bool)), kind.__name__, plain, at)
    return plain


def _expect(right: bool, expected: str, found: Any, at: str) -> None:
    if not right:
        raise ParityError(
            f"{at}: expected {expected}, found {str(found)[:60]!r}",
            cure="the file is damaged or from another version: record or compare again",
        )
