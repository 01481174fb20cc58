"""From a comparison to the file: the template, its styles and its scripts, all in one."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import jinja2
from markupsafe import Markup

from parity.answer import engines_sentence
from parity.comparison import Comparison
from parity.formatting import format_limit, format_metric, format_operation
from parity.reports.html.columns import Column
from parity.reports.html.observer import observer_card
from parity.reports.html.payload import Payload, make_payload, payload_json
from parity.reports.html.sides import all_sides, settings
from parity.reports.html.summary import summarise
from parity.reports.html.text import full_sentence, visible_text
from parity.reports.html.thresholds import thresholds

__all__ = ["render_html", "write_html"]

_TEMPLATES = Path(__file__).parent / "templates"
_FIGURES = Path(__file__).parent / "figures"
_STYLES = (
    "base.css",
    "answer.css",
    "overview.css",
    "roles.css",
    "observer.css",
    "table.css",
    "detail.css",
    "media.css",
)
# In the order in which they use one another; they share one scope.
_SCRIPTS = (
    _TEMPLATES / "markup.js",
    _TEMPLATES / "data.js",
    _TEMPLATES / "captions.js",
    _FIGURES / "scale.js",
    _FIGURES / "colours.js",
    _FIGURES / "taps.js",
    _FIGURES / "roles.js",
    _FIGURES / "depth.js",
    _FIGURES / "heatmap.js",
    _FIGURES / "histogram.js",
    _FIGURES / "profile.js",
    _FIGURES / "heads.js",
    _TEMPLATES / "tooltip.js",
    _TEMPLATES / "table.js",
    _TEMPLATES / "diagnosis.js",
    _TEMPLATES / "detail.js",
    _TEMPLATES / "panel.js",
    _TEMPLATES / "trouble.js",
    _TEMPLATES / "overview.js",
    _TEMPLATES / "main.js",
)
_STATIC_ROWS = 100
_SHOWN_GROUPS = 3


def write_html(comparison: Comparison, path: Path) -> None:
    """Write the report to `path`, whole or not at all.

    Args:
        comparison: what to show.
        path: the file, usually ``report.html`` beside ``comparison.json``; its folder is named in the commands
            that the report suggests.
    """
    part = path.with_name(path.name + ".part")
    part.write_text(render_html(comparison, run=os.fspath(path.parent)), encoding="utf-8")
    part.replace(path)


def render_html(comparison: Comparison, *, run: str = "RUN") -> str:
    """The report as text.

    Args:
        comparison: what to show.
        run: the folder that holds ``comparison.json``, for the commands that the report suggests.
    """
    payload = make_payload(comparison)
    script = _script()
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            comparison=comparison,
            sides=all_sides(comparison),
            settings=settings(comparison),
            summary=summarise(comparison, run=run),
            observer=observer_card(comparison),
            shown_groups=_SHOWN_GROUPS,
            payload=payload,
            columns=[column for column in payload.columns if _says_something(column, payload)],
            payload_json=Markup(payload_json(payload)),
            static_rows=payload.rows[:_STATIC_ROWS],
            thresholds=thresholds(comparison),
            styles=Markup("\n".join(_read(_TEMPLATES / name) for name in _STYLES)),
            script=Markup(script),
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def _says_something(column: Column, payload: Payload) -> bool:
    return (payload.has_floor or not column.needs_floor) and (bool(payload.roles) or not column.needs_roles)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "visible": visible_text,
        "sentence": full_sentence,
        "engines_sentence": engines_sentence,
        "operation": format_operation,
        "limit": format_limit,
        "metric": format_metric,
    }
    return environment


def _script() -> str:
    """All scripts as one, in one strict scope that leaves no global name behind."""
    return "(() => {\n'use strict';\n" + "\n".join(map(_read, _SCRIPTS)) + "\n})();"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
