"""One row a case, for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from parity.selftest.outcome import Outcome

__all__ = ["COLUMNS", "write_selftest_csv"]

COLUMNS = (
    "fault",
    "where",
    "size",
    "dtype",
    "expected_tap",
    "found_tap",
    "expected_cause",
    "found_cause",
    "detected",
    "seconds",
)


def write_selftest_csv(outcomes: Iterable[Outcome], path: Path) -> None:
    """Write `outcomes` to `path`; a sound variant has an empty ``expected_tap``, several causes have ``|`` between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(map(_row, outcomes))


def _row(outcome: Outcome) -> tuple[str, ...]:
    case = outcome.case
    return (
        case.id,
        case.where,
        case.size,
        case.dtype,
        " ".join(case.expected_at),
        outcome.found_tap,
        " ".join("+".join("|".join(one.causes) or "aliased" for one in both) for both in case.expected_at.values()),
        outcome.found_cause,
        "yes" if outcome.detected else "no",
        f"{outcome.seconds:.2f}",
    )
