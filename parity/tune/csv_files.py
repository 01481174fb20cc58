"""A search as tables: `tune.csv` with a row for each tap, `trials.csv` with one for each trial."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from parity.limits import Limits
from parity.taps import TapGraph
from parity.tune.search import SearchResult
from parity.tune.trial import TapReading
from parity.tune.words import choice_words

__all__ = ["TAP_COLUMNS", "TRIAL_COLUMNS", "write_taps_csv", "write_trials_csv"]

TAP_COLUMNS = (
    *("tap", "kind", "layer", "op", "fp32", "limit", "worst_token_limit"),
    *("r_before", "r_worst_token_before", "r_local_before", "r_own_before", "beyond_before"),
    *("r_after", "r_worst_token_after", "beyond_after"),
)
"""Columns of `tune.csv`; R as for `TapReading`, empty where it is unknown."""

TRIAL_COLUMNS = ("trial", "fp32", "taps_in_fp32", "beyond", "nearest_tap", "r", "r_worst_token", "seconds")
"""Columns of `trials.csv`: of all taps, R of the one that comes nearest to its limit or goes farthest beyond."""


def write_taps_csv(path: Path, result: SearchResult, limits: Limits, graph: TapGraph) -> None:
    """Write a row for each tap that was compared."""
    after = {reading.tap: reading for reading in result.after.readings}
    rows = (
        (*_tap_cells(reading, result, limits, graph), *_after_cells(after.get(reading.tap), limits))
        for reading in result.before.readings
    )
    _write(path, TAP_COLUMNS, rows)


def write_trials_csv(path: Path, result: SearchResult, limits: Limits, graph: TapGraph) -> None:
    """Write a row for each trial, in the order in which they were made."""
    rows = []
    for number, trial in enumerate(result.trials):
        worst, beyond = trial.worst(limits), len(trial.beyond(limits))
        ratios = worst.noise_ratio, worst.worst_token_noise_ratio
        words = choice_words(trial.fp32, graph)
        rows.append((number, words, len(trial.fp32), beyond, worst.tap, *ratios, round(trial.seconds, 1)))
    _write(path, TRIAL_COLUMNS, rows)


def _tap_cells(reading: TapReading, result: SearchResult, limits: Limits, graph: TapGraph) -> tuple[object, ...]:
    tap, applied = graph[reading.tap], limits.for_tap(reading.tap)
    return (
        *(tap.name, tap.kind, tap.layer, tap.op, int(tap.name in result.after.fp32)),
        *(applied.noise_ratio, applied.worst_token_noise_ratio),
        *(reading.noise_ratio, reading.worst_token_noise_ratio, reading.local_noise_ratio, reading.own_noise_ratio),
        int(reading.is_beyond(limits)),
    )


def _after_cells(reading: TapReading | None, limits: Limits) -> tuple[object, ...]:
    if reading is None:
        return ("", "", "")
    return (reading.noise_ratio, reading.worst_token_noise_ratio, int(reading.is_beyond(limits)))


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
