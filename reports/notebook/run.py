"""A run in a notebook: the way from the comparison to one tap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas

from parity.answer import make_answer
from parity.comparison import Comparison, TapResult, load_comparison
from parity.measure import Subject
from parity.message import failure_message
from parity.reports.layers_csv import layers_frame
from parity.reports.notebook.answer_view import AnswerView
from parity.reports.notebook.drilldown import Drilldown, drilldown
from parity.reports.notebook.evidence import load_evidence, open_subject
from parity.reports.notebook.summary import Summary
from parity.reports.notebook.tap_view import TapView
from parity.reports.plots import Plot, plot_depth, plot_roles

__all__ = ["Run", "open_run"]


def open_run(folder: str | Path) -> Run:
    """Open a run.

    Args:
        folder: what ``parity run --out`` or ``parity compare --out`` made: it holds ``comparison.json``.

    Raises:
        ParityError: there is no comparison in it.
    """
    return Run(Path(folder), load_comparison(Path(folder)))


@dataclass(frozen=True, eq=False)
class Run:
    """A run: its comparison, and the folder that its dumps are found from."""

    folder: Path
    comparison: Comparison

    def summary(self) -> Summary:
        """Verdict, first divergence and the table of taps, a layer a line where nothing happens."""
        return Summary(self.comparison)

    def answer(self) -> AnswerView:
        """What is wrong, why, what it costs and what to do next."""
        return AnswerView(make_answer(self.comparison, run=str(self.folder)))

    @property
    def diagnosed(self) -> bool:
        """Whether errors were taken apart, so that taps have roles."""
        return any(row.diagnosis for row in self.comparison.rows)

    def table(self) -> pandas.DataFrame:
        """Every row with every metric, in the columns of ``layers.csv``."""
        return layers_frame(self.comparison)

    def plot_depth(self, *, phase: str | None = None) -> Plot:
        """R and rel-L2 of every tap in graph order.

        Args:
            phase: by default that of the first divergence, or the first one.
        """
        return plot_depth(self.comparison, phase=phase)

    def plot_roles(self, *, phase: str | None = None) -> Plot:
        """Where error is born and where it grows.

        Args:
            phase: by default that of the first divergence, or the first one.

        Raises:
            ParityError: errors were not taken apart.
        """
        return plot_roles(self.comparison, phase=phase)

    def first(self) -> TapView | None:
        """The first tap that leaves the reference; None where none does."""
        row = self.comparison.first_divergence
        return None if row is None else self._view(row)

    def start(self) -> TapView:
        """Where to start looking: the costliest source, else the first failing tap with values, else the largest error.

        Raises:
            ParityError: not one tap was measured.
        """
        sources = make_answer(self.comparison).sources
        if sources:
            return self._view(sources[0].row)
        measured = [row for row in self.comparison.rows if row.errors is not None]
        failing = [row for row in self.comparison.failures if row.errors is not None]
        return self._view(failing[0] if failing else max(measured, key=_badness))

    def tap(self, name: str, *, phase: str | None = None) -> TapView:
        """One tap.

        Args:
            name: for example ``layers.3.q_rope``.
            phase: by default the first that has it.

        Raises:
            ParityError: there is no such tap.
        """
        return self._view(self.comparison.row(name, phase=phase))

    def nearest_with_heads(self, view: TapView) -> TapView | None:
        """`view`, or the nearest tap before it in graph order whose errors are known by head; None where none is."""
        rows = [row for row in self.comparison.rows if row.phase == view.row.phase]
        before = rows[: rows.index(view.row) + 1]
        row = next((row for row in reversed(before) if row.heads), None)
        return None if row is None else self._view(row)

    def drilldown(self) -> Drilldown:
        """Pick taps and figures from menus; needs ipywidgets.

        Raises:
            ParityError: ipywidgets is missing.
        """
        return drilldown(self)

    @cached_property
    def _subjects(self) -> dict[str, Subject]:
        return {}

    def _subject(self, phase: str) -> Subject:
        if phase not in self._subjects:
            self._subjects[phase] = open_subject(self.folder, self.comparison, phase=phase)
        return self._subjects[phase]

    def _view(self, row: TapResult) -> TapView:
        message = failure_message(self.comparison, row, run=str(self.folder))
        return TapView(row, message, lambda: load_evidence(self._subject(row.phase), row), self.comparison.logits)

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def __repr__(self) -> str:
        return repr(self.summary())


def _badness(row: TapResult) -> tuple[float, float]:
    return (row.noise.noise_ratio if row.noise else 0.0, row.errors.rel_l2 if row.errors else 0.0)
