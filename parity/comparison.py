"""The result of a comparison: what every view reads. It holds no arrays and is saved as `comparison.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from parity.diagnosis import LogitCost
from parity.errors import ParityError
from parity.finding import Finding
from parity.limits import Limits
from parity.observer_effect import ObserverEffect
from parity.runner import ENGINES_FLAG
from parity.serial import read_json, write_json
from parity.tap_result import (
    FAILING_STATUSES,
    STATUSES,
    ArrayInfo,
    ChannelError,
    ErrorMetrics,
    HeadError,
    Histogram,
    NoiseMetrics,
    NonFinite,
    TapResult,
    WorstElement,
)
from parity.token_error import TokenError, TokenProfile

__all__ = [
    "FAILING_STATUSES",
    "SCHEMA_VERSION",
    "STATUSES",
    "ArrayInfo",
    "ChannelError",
    "Comparison",
    "ErrorMetrics",
    "HeadError",
    "Histogram",
    "NoiseMetrics",
    "NonFinite",
    "Prompt",
    "Side",
    "TapResult",
    "TokenError",
    "TokenProfile",
    "WorstElement",
    "load_comparison",
    "save_comparison",
]

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Side:
    """One side of the comparison, as its dump's manifest describes it.

    Attributes:
        role: ``reference``, ``floor`` or ``candidate``.
        runner: ``transformers``, ``onnxruntime`` …
        model: the model in words.
        dtype: what it computed in.
        weights_digest: SHA-256 of the weights as stored.
        versions: library versions by name.
        flags: numeric settings by name.
        dump: folder of the dump, relative to the comparison where possible.
    """

    role: str
    runner: str
    model: str
    dtype: str
    weights_digest: str
    versions: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    dump: str = ""

    @property
    def engines(self) -> int:
        """How many engines its taps were split over; 1 where the dump does not say so in a number."""
        said = self.flags.get(ENGINES_FLAG, "1")
        return int(said) if said.isdecimal() else 1


@dataclass(frozen=True)
class Prompt:
    """One prompt: its number of real tokens and the beginning of its text (empty where unknown)."""

    tokens: int
    text: str


@dataclass(frozen=True)
class Comparison:
    """Everything that the views show.

    Attributes:
        schema_version: `SCHEMA_VERSION` of the writer.
        parity_version: version of this package.
        reference, candidate, floor: the sides; `floor` is None where none was recorded. Errors are taken apart in
            units of this floor.
        limits: the limits in force, with the reason beside each.
        prompts: the prompts, in batch order.
        rows: one per phase and tap, in graph order.
        seconds: wall time of comparing.
        logits: what all differences together do to the next-token distribution; None without a diagnosis.
        other_floors: more floor runs, where there were several: for each tap, R is in units of the noisiest.
        undiagnosed: why errors were not taken apart; empty where they were, or where nobody asked for it.
        preflight: what was found before any layer was judged; an error among them fails the run.
        observer: what marking taps changes in the candidate; None where that was not measured.
    """

    schema_version: int
    parity_version: str
    reference: Side
    candidate: Side
    floor: Side | None
    limits: Limits
    prompts: tuple[Prompt, ...]
    rows: tuple[TapResult, ...]
    seconds: float = 0.0
    logits: LogitCost | None = None
    other_floors: tuple[Side, ...] = ()
    undiagnosed: str = ""
    preflight: tuple[Finding, ...] = ()
    observer: ObserverEffect | None = None

    @property
    def floors(self) -> tuple[Side, ...]:
        """Every floor run."""
        return (*([self.floor] if self.floor else []), *self.other_floors)

    @property
    def failures(self) -> tuple[TapResult, ...]:
        """Rows that fail the run, in graph order."""
        return tuple(row for row in self.rows if row.fails(strict=self.limits.strict))

    @property
    def first_divergence(self) -> TapResult | None:
        """The first failing row in graph order."""
        return next(iter(self.failures), None)

    @property
    def passed(self) -> bool:
        """Whether no row fails, nothing found before the layers were judged is an error, and taps hide no bug."""
        hidden = self.observer is not None and self.observer.fails
        return not (self.failures or hidden or any(finding.severity == "error" for finding in self.preflight))

    def row(self, tap: str, *, phase: str | None = None) -> TapResult:
        """The row of a tap, in its first phase unless `phase` is given.

        Raises:
            ParityError: there is no such row.
        """
        for row in self.rows:
            if row.tap == tap and phase in (None, row.phase):
                return row
        raise ParityError(
            f"no tap {tap!r} in this comparison" + (f" in phase {phase!r}" if phase else ""),
            cure="the taps are " + ", ".join(row.tap for row in self.rows[:6]) + " …",
        )


def save_comparison(comparison: Comparison, path: Path) -> None:
    """Write `comparison.json`."""
    write_json(path, comparison)


def load_comparison(path: Path) -> Comparison:
    """Read `comparison.json`; `path` is the file or the folder that holds it.

    Raises:
        ParityError: the file is missing, damaged or of another schema version.
    """
    file = path / "comparison.json" if path.is_dir() else path
    if not file.is_file():
        raise ParityError(f"{file}: no comparison here", cure="make one with `parity run` or `parity compare`")
    return read_json(file, Comparison)
