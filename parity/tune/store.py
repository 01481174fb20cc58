"""Trials on disk, so that a search that was cut off goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from parity.errors import ParityError
from parity.serial import read_json, write_json
from parity.tune.trial import Trial

__all__ = ["TrialStore"]


@dataclass(frozen=True)
class _Kept:
    """One file: the trial, and what was tried."""

    context: str
    trial: Trial


@dataclass(frozen=True)
class TrialStore:
    """A folder with one JSON file for each choice of operations that was tried.

    Attributes:
        folder: made when the first trial is kept.
        context: everything else that a trial depends on: network, engine with its settings, inputs, reference.
    """

    folder: Path
    context: str

    def find(self, fp32: Collection[str]) -> Trial | None:
        """The trial with the operations of these taps in fp32; None where there is none, or its file is damaged."""
        try:
            kept = read_json(self._file(fp32), _Kept)
        except ParityError:
            return None
        same = kept.context == self.context and set(kept.trial.fp32) == set(fp32)
        return kept.trial if same else None

    def keep(self, trial: Trial) -> None:
        """Write `trial`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self._file(trial.fp32), _Kept(self.context, trial))

    def _file(self, fp32: Collection[str]) -> Path:
        digest = hashlib.sha256(json.dumps([self.context, sorted(fp32)]).encode()).hexdigest()
        return self.folder / f"{digest[:16]}.json"
