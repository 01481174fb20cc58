"""The text: Python's standard library, split into train and held-out by a hash of each file's name."""

from __future__ import annotations

import ast
import hashlib
import sysconfig
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["HELD_OUT_OF_256", "Document", "Exchange", "exchanges", "read_documents"]

HELD_OUT_OF_256 = 10
# Tables of characters and of opcodes teach a language model nothing.
_SKIPPED = ("site-packages", "encodings", "__pycache__", "pydoc_data")
_ASK = "Complete this code:\n"


@dataclass(frozen=True)
class Document:
    """One source file, by its path inside the standard library."""

    name: str
    text: str

    @property
    def held_out(self) -> bool:
        """Whether the file is kept out of training."""
        return _hash(self.name)[0] < HELD_OUT_OF_256


@dataclass(frozen=True)
class Exchange:
    """A function cut in two: what a user gives and what an assistant answers."""

    question: str
    answer: str

    @property
    def messages(self) -> list[dict[str, str]]:
        """The question alone, as a chat."""
        return [{"role": "user", "content": self.question}]


def read_documents() -> list[Document]:
    """Read every source file of the running Python's standard library, in the order of the names' hashes."""
    root = Path(sysconfig.get_paths()["stdlib"])
    return sorted(_documents(root), key=lambda document: _hash(document.name))


def exchanges(document: Document, limit: int = 12) -> list[Exchange]:
    """Cut up to `limit` functions of a file into head and body."""
    try:
        tree = ast.parse(document.text)
    except (SyntaxError, ValueError):
        return []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    cut = (_cut(document.text.splitlines(), node) for node in functions)
    return [exchange for exchange in cut if exchange is not None][:limit]


def _documents(root: Path) -> Iterator[Document]:
    for path in root.rglob("*.py"):
        name = path.relative_to(root).as_posix()
        if any(part in _SKIPPED for part in name.split("/")):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if len(text) > 200:
            yield Document(name, text.replace("\r\n", "\n"))


def _cut(lines: list[str], node: ast.FunctionDef) -> Exchange | None:
    """Split at the end of the docstring, or at the end of the signature where there is none."""
    has_docstring = ast.get_docstring(node) is not None
    body = node.body[1:] if has_docstring else node.body
    if not body or not 2 <= (node.end_lineno or 0) - body[0].lineno <= 25 or body[0].lineno == node.lineno:
        return None
    block = textwrap.dedent("\n".join(lines[node.lineno - 1 : node.end_lineno])).splitlines()
    split = body[0].lineno - node.lineno
    if split < 1 or not block[split].startswith(" "):
        return None
    return Exchange(_ASK + "\n".join(block[:split]), "\n".join(block[split:]))


def _hash(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=8).digest()
