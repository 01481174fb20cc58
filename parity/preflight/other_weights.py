"""Weights of a candidate that was run by the reference's own runner: their digests can be compared."""

from __future__ import annotations

from collections.abc import Iterator

from parity.finding import Finding
from parity.preflight.check import DumpCheck
from parity.preflight.sides import DumpSides

__all__ = ["OTHER_WEIGHTS"]

_NAME = "other_weights"


def _find(sides: DumpSides) -> Iterator[Finding]:
    truth, side = sides.reference.manifest.runner, sides.candidate.manifest.runner
    if truth.name == side.name and truth.weights_digest != side.weights_digest:
        yield Finding(
            _NAME,
            "error",
            f"candidate, {sides.candidate.path}",
            f"it was run by {side.name} from other weights ({side.model}, digest {side.weights_digest[:12]}) than the "
            f"reference ({truth.model}, digest {truth.weights_digest[:12]})",
            "record both from one folder",
        )


OTHER_WEIGHTS = DumpCheck(_NAME, _find)
