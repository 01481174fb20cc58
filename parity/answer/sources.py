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
from parity.formatting import format_operation, format_ranges

__all__ = ["group_cause", "group_sources", "is_source", "place_of", "source_answers"]

_INNOCENT = ("harmless", "aliased")
_NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")
_TAP = re.compile(r"\blayers\.\d+\.\w+")
_LAYER = re.compile(r"\blayers\.\d+\b")
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
    captured = {(row.phase, row.tap) for row in comparison.rows if row.candidate is not None}
    return tuple(_source_answer(row, diagnosis, captured, run=run) for row, diagnosis in found)


def group_sources(sources: Sequence[SourceAnswer]) -> tuple[SourceGroup, ...]:
    """Sources whose best cause reads the same but for numbers and taps; unexplained ones of one kind of tap."""
    groups: dict[tuple[str, ...], list[SourceAnswer]] = {}
    for source in sources:
        groups.setdefault(_likeness(source), []).append(source)
    return tuple(SourceGroup(lead, tuple(others), _others(lead, others)) for lead, *others in groups.values())


def _price(diagnosis: Diagnosis) -> float:
    return diagnosis.cost.local_error.mean_kl if diagnosis.cost else -1.0


def _source_answer(row: TapResult, diagnosis: Diagnosis, captured: set[tuple[str, str]], *, run: str) -> SourceAnswer:
    causes = tuple(cause_answer(cause, row) for cause in diagnosis.causes)
    return SourceAnswer(
        row=row,
        place=place_of(row),
        reason=diagnosis.reason,
        verdict=verdict_of(diagnosis.causes, row, coarse=any((row.phase, name) not in captured for name in row.inputs)),
        cause=causes[0] if causes else None,
        runners_up=causes[1:],
        signature=diagnosis.signature,
        cost=cost_sentence(diagnosis.cost.local_error) if diagnosis.cost else "",
        command=next_command(run, row.tap),
    )


def _likeness(source: SourceAnswer) -> tuple[str, ...]:
    if source.cause is None:
        return source.row.phase, source.row.kind
    return source.row.phase, source.cause.hypothesis, _pattern(source.cause.sentence, _TAP)


def _pattern(sentence: str, taps: re.Pattern[str]) -> str:
    return _NUMBER.sub("#", taps.sub("@", sentence))


def _others(lead: SourceAnswer, others: Sequence[SourceAnswer]) -> str:
    """``The same holds at …``; where a cause names another tap, as with exchanged weights, it is told."""
    if lead.cause is None:
        return f"Nor is anything known to explain {_taps_in_words(others)}." if others else ""
    different = _worded_otherwise(lead, others)
    same = [other for other in others if other not in different]
    told = [f"The same holds at {_taps_in_words(same)}."] if same else []
    shown = [f"{source.row.tap}: {source.cause.sentence}" for source in different[:_LISTED] if source.cause]
    if shown:
        told.append(f"Likewise {'; '.join(shown)}{_more(len(different) - len(shown))}.")
    return " ".join(told)


def _worded_otherwise(lead: SourceAnswer, others: Sequence[SourceAnswer]) -> list[SourceAnswer]:
    """Those of `others` whose cause names another kind of tap than the cause of `lead`."""
    if lead.cause is None:
        return []
    expected = _pattern(lead.cause.sentence, _LAYER)
    return [other for other in others if other.cause and _pattern(other.cause.sentence, _LAYER) != expected]


def group_cause(group: SourceGroup) -> str:
    """The cause of a group in one clause; where two taps have each other's weights, one for each of them."""
    lead, different = group.lead, _worded_otherwise(group.lead, group.others)
    if lead.cause is None or not different:
        return lead.cause.sentence if lead.cause else lead.verdict
    shown = [f"in {source.row.tap} {source.cause.sentence}" for source in (lead, different[0]) if source.cause]
    return "; ".join(shown) + _more(len(different) - 1)


def _taps_in_words(sources: Sequence[SourceAnswer]) -> str:
    """``layers.0.act``, or ``5 more taps: q_rope of layers 1–3; k_rope of layers 0, 1``."""
    if len(sources) == 1:
        return sources[0].row.tap
    kinds: dict[str, list[int]] = {}
    for source in sources:
        kinds.setdefault(source.row.kind, []).extend([] if source.row.layer is None else [source.row.layer])
    return f"{len(sources)} more taps: " + "; ".join(_kind_in_words(kind, layers) for kind, layers in kinds.items())


def _kind_in_words(kind: str, layers: Sequence[int]) -> str:
    if not layers:
        return kind
    return f"{kind} of layer{'s' if len(layers) > 1 else ''} {format_ranges(sorted(layers))}"


def _more(count: int) -> str:
    return f"; and {count} more" if count > 0 else ""
