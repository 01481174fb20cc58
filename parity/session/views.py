"""The files that people open after a run."""

from __future__ import annotations

from pathlib import Path

from parity.comparison import Comparison, save_comparison
from parity.reports.html import write_html
from parity.reports.layers_csv import write_layers_csv

__all__ = ["write_views"]


def write_views(comparison: Comparison, out: Path) -> tuple[Path, ...]:
    """Write ``comparison.json``, ``layers.csv`` and ``report.html`` into `out` and return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    saved, table, page = out / "comparison.json", out / "layers.csv", out / "report.html"
    save_comparison(comparison, saved)
    write_layers_csv(comparison, table)
    write_html(comparison, page)
    return saved, table, page
