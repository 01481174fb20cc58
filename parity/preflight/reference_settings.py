"""Settings that a reference should not run with, as its manifest gives them."""

from __future__ import annotations

from collections.abc import Iterator

from parity.finding import Finding
from parity.preflight.check import DumpCheck
from parity.preflight.sides import DumpSides

__all__ = ["REFERENCE_SETTINGS"]

_NAME = "reference_settings"
_OFF = {"off", "false", "0", "no", "none", ""}
_WIDE = {"float32", "float64"}


def _find(sides: DumpSides) -> Iterator[Finding]:
    for dump in (sides.reference, *sides.floors):
        runner = dump.manifest.runner
        tf32 = {name: value for name, value in runner.flags.items() if "tf32" in name.lower()}
        on = [f"{name} = {value}" for name, value in tf32.items() if value.lower() not in _OFF]
        if on and runner.dtype in _WIDE:
            yield Finding(
                _NAME,
                "error",
                f"{dump.manifest.role}, {dump.path}",
                f"{', '.join(on)}: matrix products of {runner.dtype} had the 11 bits of TF32, an error of 5e-4 in "
                "every linear layer that would be the candidate's",
                "record it with torch.set_float32_matmul_precision('highest')",
            )


REFERENCE_SETTINGS = DumpCheck(_NAME, _find)
