"""Versions and numeric settings of all sides, beside one another so that differences can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parity.comparison import Comparison, Side
from parity.formatting import ABSENT
from parity.reports.html.text import visible_text

__all__ = ["Setting", "all_sides", "settings"]


@dataclass(frozen=True)
class Setting:
    """One line of the table: a version or a flag, and what each side has; `differs` where they disagree."""

    name: str
    values: tuple[str, ...]
    differs: bool


def all_sides(comparison: Comparison) -> tuple[Side, ...]:
    """Reference, every floor, and candidate."""
    return (comparison.reference, *comparison.floors, comparison.candidate)


def settings(comparison: Comparison) -> tuple[Setting, ...]:
    """Every version and flag that any side names: versions first, each in the order in which it appears."""
    sides = all_sides(comparison)
    return _lines([side.versions for side in sides]) + _lines([side.flags for side in sides])


def _lines(maps: list[Mapping[str, str]]) -> tuple[Setting, ...]:
    names = dict.fromkeys(name for mapping in maps for name in mapping)
    return tuple(_line(name, maps) for name in names)


def _line(name: str, maps: list[Mapping[str, str]]) -> Setting:
    stated = {mapping[name] for mapping in maps if name in mapping}
    values = tuple(visible_text(mapping.get(name, ABSENT)) for mapping in maps)
    return Setting(visible_text(name), values, len(stated) > 1)
