"""Menus that lead from a run to one tap. They show something before anybody has touched them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from parity.comparison import TapResult
from parity.errors import ParityError
from parity.formatting import format_metric, format_value
from parity.reports.notebook.tap_view import TapView
from parity.reports.plots import Plot

if TYPE_CHECKING:
    from parity.reports.notebook.run import Run

__all__ = ["Drilldown", "drilldown"]

_LARGEST = 20

_FIGURES: Mapping[str, Callable[[TapView], Plot]] = {
    "tokens": lambda view: view.plot_tokens(),
    "born or inherited": lambda view: view.plot_parts(),
    "heads": lambda view: view.plot_heads(),
    "channels": lambda view: view.plot_channels(),
    "histogram": lambda view: view.plot_histogram(),
    "difference": lambda view: view.plot_heat_map(),
}


@dataclass(frozen=True, eq=False)
class Drilldown:
    """The menus and what they show.

    Attributes:
        tap: drop-down of the taps; its value is a row of the comparison.
        figure: buttons that choose the figure.
        message: what the comparison says about the tap.
        why: its error taken apart, causes and cost; empty where it was not taken apart.
        image: the figure.
        largest: the elements with the largest differences.
        box: all of them.
    """

    tap: Any
    figure: Any
    message: Any
    why: Any
    image: Any
    largest: Any
    box: Any

    def _repr_mimebundle_(self, **options: object) -> dict[str, object]:
        """The widgets, and beside them what they show at first, for viewers without widgets."""
        bundle: dict[str, object] = dict(self.box._repr_mimebundle_(**options))
        image = base64.b64encode(self.image.value).decode()
        bundle["text/html"] = (
            f'{self.message.value}{self.why.value}<img src="data:image/png;base64,{image}">{self.largest.value}'
        )
        return bundle


def drilldown(run: Run) -> Drilldown:
    """Build the menus, with the tap where to start looking chosen.

    Raises:
        ParityError: ipywidgets is missing.
    """
    widgets = _import_widgets()
    options = [(_label(row, strict=run.comparison.limits.strict), row.key) for row in run.comparison.rows]
    menus = Drilldown(
        tap=widgets.Dropdown(options=options, value=run.start().row.key, description="tap", layout={"width": "60ch"}),
        figure=widgets.ToggleButtons(options=list(_FIGURES), description="figure"),
        message=widgets.HTML(),
        why=widgets.HTML(),
        image=widgets.Image(format="png"),
        largest=widgets.HTML(),
        box=widgets.VBox(),
    )
    menus.box.children = (menus.tap, menus.figure, menus.message, menus.why, menus.image, menus.largest)
    views: dict[str, TapView] = {}

    def show(_: object = None) -> None:
        key = menus.tap.value
        if key not in views:
            views[key] = _view(run, key)
        _show(menus, views[key])

    menus.tap.observe(show, names="value")
    menus.figure.observe(show, names="value")
    show()
    return menus


def _import_widgets() -> Any:
    try:
        import ipywidgets
    except ImportError as error:
        raise ParityError("ipywidgets is missing", cure="pip install 'layer-parity[notebook]'") from error
    return ipywidgets


def _label(row: TapResult, *, strict: bool) -> str:
    ratio = f", R {format_metric(row.noise.noise_ratio)}" if row.noise else ""
    return f"{'✗' if row.fails(strict=strict) else ' '} {row.tap} ({row.phase}): {row.status}{ratio}"


def _view(run: Run, key: str) -> TapView:
    row = next(row for row in run.comparison.rows if row.key == key)
    return run.tap(row.tap, phase=row.phase)


def _show(menus: Drilldown, view: TapView) -> None:
    """Fill message, tables and figure; what can't be shown says why in its place."""
    menus.message.value = f"<pre>{escape(view.message)}</pre>"
    menus.why.value = _why(view, view.row.diagnosis.role) if view.row.diagnosis else ""
    try:
        menus.image.value = _FIGURES[menus.figure.value](view).png()
        menus.image.layout.display = None
        menus.largest.value = _largest(view)
    except ParityError as error:
        menus.image.value = b""
        menus.image.layout.display = "none"
        menus.largest.value = f"<p><b>{escape(error.problem)}</b><br>{escape(error.cure)}</p>"


def _why(view: TapView, role: str) -> str:
    tables = [view.parts(), *([view.causes(), view.costs()] if role == "source" else [])]
    return f"<p>Role: <b>{role}</b></p>" + "".join(table.to_html(float_format=format_metric) for table in tables)


def _largest(view: TapView) -> str:
    table = view.compare_slices(largest=_LARGEST)
    return f"<p>The {len(table)} largest differences:</p>" + table.to_html(index=False, float_format=format_value)
