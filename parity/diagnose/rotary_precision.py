"""RoPE's tables with some steps of their making rounded to 16 bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from parity.diagnose.fitting import Guess
from parity.diagnose.formats import SIXTEEN_BITS, Format
from parity.diagnose.rotation import Complexes, Rotation, Turning
from parity.diagnose.token_rows import TokenRows

__all__ = ["RoundedTables", "rounded_table_guesses"]


@dataclass(frozen=True)
class RoundedTables:
    """Which steps are rounded: frequencies, positions, their product, cos and sin.

    Where `by_fp32`, the product is rounded to fp32 first. Whole positions lie halfway between two numbers of bf16
    so often that this decides a few angles.
    """

    frequencies: bool = False
    positions: bool = False
    angles: bool = False
    tables: bool = False
    by_fp32: bool = False

    def turning(self, rotation: Rotation, format_: Format) -> Turning:
        """The reference's rotation with these steps rounded to `format_`."""

        def factors(rows: TokenRows) -> Complexes:
            frequencies = format_.nearest(rotation.frequencies) if self.frequencies else rotation.frequencies
            positions = format_.nearest(rows.positions) if self.positions else rows.positions
            angles = positions[:, None] * frequencies
            angles = angles.astype(np.float32).astype(np.float64) if self.by_fp32 else angles
            angles = format_.nearest(angles) if self.angles else angles
            cos, sin = rotation.scale * np.cos(angles), rotation.scale * np.sin(angles)
            if self.tables:
                cos, sin = format_.nearest(cos), format_.nearest(sin)
            table: Complexes = cos + 1j * sin
            return table

        return Turning(factors)


def rounded_table_guesses(
    rotation: Rotation, variants: tuple[tuple[str, RoundedTables], ...]
) -> Iterator[Guess[Turning]]:
    """Each of `variants`, a sentence with a gap for the format and the steps, in fp16 and bf16."""
    for words, steps in variants:
        for format_ in SIXTEEN_BITS:
            for by_fp32 in (False, True) if steps.angles else (False,):
                yield Guess(words.format(format_.short), replace(steps, by_fp32=by_fp32).turning(rotation, format_))
