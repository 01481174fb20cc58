"""The files that people open after a run."""

from __future__ import annotations

from pathlib import Path

from parity.comparison import Comparison, save_comparison
from parity.errors import ParityError
from parity.reports.html import write_html
from parity.reports.layers_csv import write_layers_csv

__all__ = ["write_views"]


def write_views(comparison: Comparison, out: Path) -> tuple[Path, ...]:
    """Write ``comparison.json``, ``layers.csv`` and ``report.html`` into `out` and return their paths.

    Raises:
        ParityError: `out` can't be written, or its disk is full.
    """
    saved, table, page = out / "comparison.json", out / "layers.csv", out / "report.html"
    try:
        out.mkdir(parents=True, exist_ok=True)
        save_comparison(comparison, saved)
        write_layers_csv(comparison, table)
        write_html(comparison, page)
    except OSError as error:
        raise ParityError(
            f"{out}: the report can't be written ({error.strerror or error})",
            cure="free some space, or name another folder; the dumps are whole and can be compared again",
        ) from error
    return saved, table, page
