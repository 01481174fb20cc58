"""Which operations of a network run in fp32: the value, and the file that says it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from parity.errors import ParityError
from parity.serial import read_json, write_json

__all__ = ["PrecisionAssignment", "read_precision", "write_precision"]

_SCHEMA_VERSION = 1
_EXAMPLE = '{"schema_version": 1, "fp32": ["layers.*.mlp_out", "logits"]}'


@dataclass(frozen=True)
class PrecisionAssignment:
    """Which operations run in fp32; all others run as the network says.

    Attributes:
        fp32: taps whose operations do, or patterns of them: ``logits``, ``layers.*.mlp_out``.
    """

    fp32: tuple[str, ...] = ()

    @classmethod
    def of(cls, taps: Iterable[str], *, among: Sequence[str]) -> PrecisionAssignment:
        """The assignment of `taps`, with a pattern for each kind that all layers of `among` have in it."""
        wanted = set(taps)
        fp32: dict[str, None] = {}
        for tap in among:
            if tap in wanted:
                pattern = _over_layers(tap)
                same = {other for other in among if fnmatchcase(other, pattern)}
                fp32.setdefault(pattern if same <= wanted else tap)
        return cls(tuple(fp32))

    def select(self, taps: Sequence[str]) -> tuple[str, ...]:
        """Those of `taps` that run in fp32, in their order.

        Raises:
            ParityError: a pattern matches none of them.
        """
        idle = [pattern for pattern in self.fp32 if not any(fnmatchcase(tap, pattern) for tap in taps)]
        if idle:
            raise ParityError(
                f"precision: {', '.join(idle)} matches none of the {len(taps)} taps of this network",
                cure=f"taps are called like {', '.join(taps[:4])}; patterns like layers.*.q",
            )
        return tuple(tap for tap in taps if any(fnmatchcase(tap, pattern) for pattern in self.fp32))


@dataclass(frozen=True)
class _File:
    schema_version: int
    fp32: tuple[str, ...]


def read_precision(path: Path) -> PrecisionAssignment:
    """Read what `write_precision` wrote.

    Raises:
        ParityError: the file is missing, no JSON, of another schema version, or holds something else.
    """
    try:
        found = read_json(Path(path), _File)
    except ParityError as error:
        example = '{"schema_version": 1, "fp32": ["layers.*.mlp_out", "logits"]}'
        raise ParityError(
            f"precision: {error.problem}", cure=f"let `parity tune` write it, or write {example}"
        ) from error
    if found.schema_version != _SCHEMA_VERSION:
        raise ParityError(
            f"{path}: schema version {found.schema_version}, this version reads {_SCHEMA_VERSION}",
            cure="let `parity tune` write it again",
        )
    return PrecisionAssignment(found.fp32)


def write_precision(path: Path, assignment: PrecisionAssignment) -> None:
    """Write `assignment` as JSON."""
    write_json(Path(path), _File(_SCHEMA_VERSION, assignment.fp32))


def _over_layers(tap: str) -> str:
    """``layers.*.q`` for ``layers.3.q``; the tap itself outside the layers."""
    head, *rest = tap.split(".")
    return ".".join((head, "*", *rest[1:])) if head == "layers" and len(rest) > 1 else tap
