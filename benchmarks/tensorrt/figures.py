"""Tables of measured figures: CSV with a comment line that says on what, with what and by which command.

A table is rewritten whole after each row, so that a run that is cut off keeps what it has measured; a later run goes on
from there. Read one with ``pandas.read_csv(file, comment="#")``.
"""

from __future__ import annotations

import csv
import platform
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import astuple, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Generic, TypeVar, get_type_hints

__all__ = ["Table", "command_line", "device_words", "origin_line"]

_PACKAGES = ("torch", "transformers", "tensorrt", "polygraphy", "onnxruntime", "numpy")
_READERS: Mapping[type, Callable[[str], object]] = {str: str, int: int, float: float, bool: lambda text: text == "True"}

_Row = TypeVar("_Row")


class Table(Generic[_Row]):
    """A CSV file whose rows are dataclasses of text, numbers and truth values.

    Args:
        path: the file; rows and comment lines that it has already are kept.
        kind: the dataclass.
        origin: comment line for the rows that this process adds.

    Raises:
        ValueError: the file has other columns.
    """

    def __init__(self, path: Path, kind: type[_Row], *, origin: str) -> None:
        self._path = path
        self._kind = kind
        self._columns = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        self._origin = origin
        self._comments: list[str] = []
        self.rows: list[_Row] = []
        if path.is_file():
            self._read()

    def add(self, row: _Row) -> None:
        """Append `row` and write the file."""
        self.rows.append(row)
        self.write()

    def write(self) -> None:
        """Write the file, with this process's comment line last."""
        comments = [*(line for line in self._comments if line != self._origin), self._origin]
        part = self._path.with_name(self._path.name + ".part")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", newline="", encoding="utf-8") as stream:
            stream.writelines(f"# {line}\n" for line in comments)
            table = csv.writer(stream, lineterminator="\n")
            table.writerow(self._columns)
            table.writerows([_written(value) for value in astuple(row)] for row in self.rows)  # type: ignore[call-overload]
        part.replace(self._path)

    def _read(self) -> None:
        lines = self._path.read_text(encoding="utf-8").splitlines()
        self._comments = [line.removeprefix("# ") for line in lines if line.startswith("#")]
        found, *stored = csv.reader(line for line in lines if not line.startswith("#"))
        if found != self._columns:
            raise ValueError(f"{self._path}: has the columns {found}, expected {self._columns}; move it away")
        hints = get_type_hints(self._kind)
        self.rows = [
            self._kind(*(_READERS[hints[name]](text) for name, text in zip(self._columns, row, strict=True)))
            for row in stored
        ]


def _written(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def origin_line() -> str:
    """Device, versions and command of this process, in one line."""
    versions = ", ".join(f"{name} {found}" for name, found in _versions().items())
    return f"{device_words()}; Python {platform.python_version()}, {versions}; {command_line()}"


def command_line() -> str:
    """How this process was started, as something to paste."""
    module = getattr(sys.modules["__main__"], "__spec__", None)
    program = ["-m", module.name] if module else sys.argv[:1]
    return shlex.join(["python3", *program, *sys.argv[1:]])


def device_words() -> str:
    """Name and driver of the GPU; the processor where there is none."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # not installed, no driver or no GPU: all the same here
        return f"no GPU ({platform.machine()})"
    try:
        name = pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(0))
        return f"{name}, driver {pynvml.nvmlSystemGetDriverVersion()}"
    finally:
        pynvml.nvmlShutdown()


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        loaded = getattr(sys.modules.get(name), "__version__", None)
        try:
            found[name] = str(loaded or version(name))
        except PackageNotFoundError:
            continue
    return found
