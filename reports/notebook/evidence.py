"""The arrays behind one row, read from the dumps and measured as the comparison measured them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parity.compare_dumps import phase_subject
from parity.comparison import Comparison, Side, TapResult
from parity.dump import Dump
from parity.errors import ParityError
from parity.measure import Measurement, Subject, bad_elements, measure
from parity.metrics import RealRows, real_rows
from parity.taps import Tap

__all__ = ["Evidence", "load_evidence", "open_subject"]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Both sides' values of one tap at every real token. Rows are tokens, prompt after prompt.

    Attributes:
        tap: which tap.
        truth, candidate: the values, as `RealRows` has them.
        prompts: number of the prompt of each row, int64, shape ``[row]``.
        positions: index of the row's token within its prompt, int64, shape ``[row]``.
        pieces: text of each row's token; empty where unknown.
        measured: the measurement; None where a value is NaN or infinite, which leaves nothing to measure.
    """

    tap: Tap
    truth: RealRows
    candidate: RealRows
    prompts: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]
    pieces: Sequence[str]
    measured: Measurement | None


def open_subject(folder: Path, comparison: Comparison, *, phase: str) -> Subject:
    """Open the dumps that `comparison` was made of.

    Args:
        folder: folder of the run, which the dumps' paths are relative to.
        comparison: the comparison.
        phase: the phase that is looked at.

    Raises:
        ParityError: a dump is gone or damaged.
    """
    sides = (comparison.reference, comparison.candidate, *comparison.floors)
    reference, candidate, *floors = (_open_dump(folder, side) for side in sides)
    return phase_subject(phase, reference, candidate, floors=floors)


def load_evidence(subject: Subject, row: TapResult) -> Evidence:
    """Load the arrays of `row` and measure them.

    Raises:
        ParityError: the row's values were not compared.
    """
    if row.errors is None and row.status != "not finite":
        raise ParityError(
            f"{row.tap} has the status {row.status!r}, so there are no values to show ({row.reason})",
            cure="look at a tap that was compared, for example run.start()",
        )
    tap = subject.graph[row.tap]
    sides = (subject.reference, subject.candidate)
    truth, candidate = (real_rows(side[row.tap], tap, subject.tokens) for side in sides)
    finite = not (bad_elements(truth).any() or bad_elements(candidate).any())
    prompts, columns = truth.coordinates.T
    return Evidence(
        tap=tap,
        truth=truth,
        candidate=candidate,
        prompts=prompts,
        positions=columns - subject.tokens.mask.argmax(axis=1)[prompts],
        pieces=[piece for prompt in subject.tokens.pieces for piece in prompt],
        measured=measure(subject, tap, truth, candidate) if finite else None,
    )


def _open_dump(folder: Path, side: Side) -> Dump:
    path = Path(os.path.normpath(folder / side.dump))
    try:
        return Dump.open(path)
    except ParityError as error:
        raise ParityError(
            f"the {side.role}'s dump can't be read: {error.problem}",
            cure="make the run again; figures that need no arrays still work: run.plot_depth(), view.plot_histogram()",
        ) from error
