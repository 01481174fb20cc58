"""The taps whose own operation is wrong, in words, by what they cost."""

from __future__ import annotations

import re
from collections.abc import Sequence

from parity.answer.cause_words import cause_answer, verdict_of
from parity.answer.cost_words import cost_sentence
from parity.answer.values import SourceAnswer, SourceGroup
from parity.commands import next_command
from parity.comparison import Comparison, TapResult
from parity.diagnosis import Diagnosis
from parity.formatting import format_operation

__all__ = ["group_sources", "is_source", "place_of", "source_answers"]

_INNOCENT = ("harmless", "aliased")
_NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")
_LISTED = 8


def is_source(row: TapResult) -> bool:
    """Whether the operation of `row` is wrong in a way that can reach the output."""
    return row.diagnosis is not None and row.diagnosis.role == "source" and row.status not in _INNOCENT


def place_of(row: TapResult) -> str:
    """``layers.3.act (gated activation, prefill)``."""
    return f"{row.tap} ({format_operation(row.op)}, {row.phase})"


def source_answers(comparison: Comparison, *, run: str) -> tuple[SourceAnswer, ...]:
    """Every source, the costliest first, those without a price last, in graph order where equal."""
    found = [(row, row.diagnosis) for row in comparison.rows if row.diagnosis is not None and is_source(row)]
    found.sort(key=lambda pair: -_price(pair[1]))
    return tuple(_source_answer(row, diagnosis, run=run) for row, diagnosis in found)


def group_sources(sources: Sequence[SourceAnswer]) -> tuple[SourceGroup, ...]:
    """Sources whose best cause reads the same but for numbers and layers; unexplained ones of one kind of tap."""
    groups: dict[tuple[str, ...], list[SourceAnswer]] = {}
    for source in sources:
        groups.setdefault(_likeness(source), []).append(source)
    return tuple(SourceGroup(lead, tuple(others), _others(lead, others)) for lead, *others in groups.values())


def _price(diagnosis: Diagnosis) -> float:
    return diagnosis.cost.local_error.mean_kl if diagnosis.cost else -1.0


def _source_answer(row: TapResult, diagnosis: Diagnosis, *, run: str) -> SourceAnswer:
    causes = tuple(cause_answer(cause, row.limits) for cause in diagnosis.causes)
    return SourceAnswer(
        row=row,
        place=place_of(row),
        reason=diagnosis.reason,
        verdict=verdict_of(diagnosis.causes, row.limits),
        cause=causes[0] if causes else None,
        runners_up=causes[1:],
        signature=diagnosis.signature,
        cost=cost_sentence(diagnosis.cost.local_error) if diagnosis.cost else "",
        command=next_command(run, row.tap),
    )


def _likeness(source: SourceAnswer) -> tuple[str, ...]:
    if source.cause is None:
        return source.row.phase, source.row.kind
    return source.row.phase, source.cause.hypothesis, _NUMBER.sub("#", source.cause.sentence)


def _others(lead: SourceAnswer, others: Sequence[SourceAnswer]) -> str:
    if not others:
        return ""
    what = "The same holds at" if lead.cause else "Nor is anything known to explain"
    return f"{what} {_taps_in_words([source.row for source in others])}."


def _taps_in_words(rows: Sequence[TapResult]) -> str:
    """``5 more taps: layers.0.act, layers.1.act …``, in graph order."""
    ordered = sorted(rows, key=lambda row: -1 if row.layer is None else row.layer)
    names = ", ".join(row.tap for row in ordered[:_LISTED]) + (" …" if len(rows) > _LISTED else "")
    return names if len(rows) == 1 else f"{len(rows)} more taps: {names}"
