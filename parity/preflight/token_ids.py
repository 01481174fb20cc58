"""Token ids, mask and positions: equal on every side, or nothing can be compared."""

from __future__ import annotations

from collections.abc import Iterator

from parity.dump import Dump
from parity.finding import Finding
from parity.preflight.check import DumpCheck
from parity.preflight.sides import DumpSides
from parity.preflight.token_difference import describe_token_difference

__all__ = ["TOKEN_IDS"]

_NAME = "token_ids"


def _find(sides: DumpSides) -> Iterator[Finding]:
    for other in (sides.candidate, *sides.floors):
        yield from _compare(sides.reference, other)


def _compare(reference: Dump, other: Dump) -> Iterator[Finding]:
    found = {record.name: record.tokens_digest for record in other.manifest.phases}
    for record in reference.manifest.phases:
        if record.name in found and found[record.name] != record.tokens_digest:
            tokens = reference.phase(record.name).tokens, other.phase(record.name).tokens
            yield Finding(
                _NAME,
                "error",
                f"{other.path}, phase {record.name}",
                f"the reference and the {other.manifest.role} ran different tokens: "
                f"{describe_token_difference(*tokens)}",
                "record the other side from the reference's tokens: parity record … --tokens REFERENCE_DUMP",
            )


TOKEN_IDS = DumpCheck(_NAME, _find)
