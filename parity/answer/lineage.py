"""Which sources an error that only passes through a tap can come from."""

from __future__ import annotations

from collections.abc import Sequence

from parity.answer.sources import group_cause, group_sources, is_source, place_of, source_answers
from parity.comparison import Comparison, TapResult

__all__ = ["born_sentence", "sources_upstream", "upstream_sentence"]

_LISTED = 3


def sources_upstream(comparison: Comparison, row: TapResult) -> tuple[TapResult, ...]:
    """The sources that `row` is computed from, in graph order; `row` itself is not among them.

    Where an input was not captured, every tap before it may be upstream.
    """
    rows = [other for other in comparison.rows if other.phase == row.phase]
    before = rows[: next(place for place, other in enumerate(rows) if other.tap == row.tap)]
    wanted = set(row.inputs)
    known = {other.tap for other in before}
    found = []
    for other in reversed(before):
        if other.tap in wanted or not wanted <= known:
            wanted |= set(other.inputs)
            if is_source(other):
                found.append(other)
    return tuple(reversed(found))


def born_sentence(comparison: Comparison, sources: Sequence[TapResult]) -> str:
    """Where an error was born and why: ``layers.3.act (…, prefill): the activation is GELU instead of SiLU``.

    Args:
        comparison: what `sources` belong to.
        sources: at least one.
    """
    keys = {row.key for row in sources}
    found = [source for source in source_answers(comparison, run="") if source.row.key in keys]
    told = []
    for group in group_sources(found)[:_LISTED]:
        others = f" and {len(group.others)} more taps" if len(group.others) > 1 else ""
        others = f" and {group.others[0].row.tap}" if len(group.others) == 1 else others
        told.append(f"{place_of(group.lead.row)}{others}: {group_cause(group)}")
    return "; ".join(told)


def upstream_sentence(comparison: Comparison, row: TapResult) -> str:
    """What roles tell about the taps that a diagnosed `row` is computed from."""
    if not row.inputs:
        return "it is computed from the token ids, which are equal on both sides"
    sources = sources_upstream(comparison, row)
    if not sources:
        return "no operation before it is wrong"
    if row.diagnosis is not None and row.diagnosis.role in ("carrier", "amplifier"):
        return f"the error that came in was born in {born_sentence(comparison, sources)}"
    return f"other errors were born before it, in {born_sentence(comparison, sources)}"
