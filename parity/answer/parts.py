"""An answer as labelled lines of text, for views that have no layout of their own: terminal and pytest."""

from __future__ import annotations

from collections.abc import Iterator

from parity.answer.cause_words import PARTLY_EXPLAINED
from parity.answer.observer_words import layers_sentence
from parity.answer.sources import source_answers
from parity.answer.values import Answer, CauseAnswer, SourceAnswer, SourceGroup
from parity.comparison import Comparison, TapResult
from parity.diagnosis import LocalError
from parity.finding import Finding
from parity.formatting import format_count, format_metric

__all__ = [
    "LABEL_WIDTH",
    "Part",
    "diagnosis_parts",
    "group_parts",
    "observer_parts",
    "preflight_parts",
    "remaining_parts",
]

Part = tuple[str, str]
"""A label of at most `LABEL_WIDTH` characters, empty where the text belongs to the label before; and the text."""

LABEL_WIDTH = 10

_SHOWN_GROUPS = 5


def preflight_parts(answer: Answer, *, every: bool) -> Iterator[Part]:
    """What was found before any layer was judged, each with its cure; notes only where `every` one is wanted."""
    for finding in answer.preflight:
        if every or finding.severity != "note":
            yield from _finding(finding)


def observer_parts(answer: Answer) -> Iterator[Part]:
    """What marking taps changes in the engine, with the cure."""
    effect = answer.observer
    if effect is not None:
        said = answer.headline == effect.sentence
        yield "observer", f"{effect.grade}: {effect.worst.reason}" if said else f"{effect.grade}: {effect.sentence}"
        if effect.layers is not None:
            yield "", layers_sentence(effect.layers)
        yield "", f"cure: {effect.cure}"


def _source_parts(source: SourceAnswer, *, runners_up: int) -> Iterator[Part]:
    """A source: where, why it is one, its cause with the evidence, its cost."""
    yield "source", f"{source.place}: {source.reason}"
    yield from _causes(source, runners_up)
    yield from _cost(source)


def diagnosis_parts(comparison: Comparison, row: TapResult) -> Iterator[Part]:
    """The role of one tap, a source's cause and cost, and its error taken apart; nothing where it was not."""
    if row.diagnosis is None:
        return
    yield "role", f"{row.diagnosis.role}: {row.diagnosis.reason}"
    for source in source_answers(comparison, run=""):
        if source.row.key == row.key:
            yield from _causes(source, 1)
            yield from _cost(source)
    local = row.diagnosis.local
    yield "born here", _error(local.local_rel_l2, local.local_noise_ratio, local.worst_token_local_noise_ratio)
    inherited = local.inherited_rel_l2, local.inherited_noise_ratio, local.worst_token_inherited_noise_ratio
    yield "came in", _error(*inherited) + _gain(local)


def group_parts(answer: Answer, *, every: bool) -> Iterator[tuple[Part, ...]]:
    """Each group of sources: its costliest, and which others there are; the first few unless `every` is wanted."""
    shown = answer.groups if every else answer.groups[:_SHOWN_GROUPS]
    for group in shown:
        yield tuple(_group(group, every=every))
    hidden = [group.lead.row.tap for group in answer.groups[len(shown) :]]
    if hidden:
        yield (("more", f"{format_count(len(hidden))} other sources, which cost less: {', '.join(hidden)}"),)


def remaining_parts(answer: Answer) -> Iterator[Part]:
    """What is no source: faults of structure, symptoms, what could not be taken apart; then whether it matters."""
    for label, texts in (
        ("structure", answer.structure),
        ("symptoms", answer.symptoms),
        ("not seen", filter(None, [answer.coverage])),
        ("altogether", filter(None, [answer.matters])),
    ):
        for place, text in enumerate(texts):
            yield label if place == 0 else "", text


def _error(rel_l2: float, noise_ratio: float, worst_token: float) -> str:
    return f"rel-L2 {format_metric(rel_l2)}, R {format_metric(noise_ratio)} (worst token {format_metric(worst_token)})"


def _gain(local: LocalError) -> str:
    if local.gain is None:
        return ""
    noise = f", that of noise {format_metric(local.noise_gain)}" if local.noise_gain is not None else ""
    return f"; gain {format_metric(local.gain)}{noise}"


def _finding(finding: Finding) -> Iterator[Part]:
    yield finding.severity, f"{finding.subject}: {finding.sentence}"
    if finding.cure:
        yield "", f"cure: {finding.cure}"


def _group(group: SourceGroup, *, every: bool) -> Iterator[Part]:
    yield from _source_parts(group.lead, runners_up=99 if every else 1)
    if group.others_sentence:
        yield "where else", group.others_sentence


def _cost(source: SourceAnswer) -> Iterator[Part]:
    if source.cost:
        yield "cost", source.cost
    elif source.row.errors is not None:
        yield "cost", "not computed: it takes runs of the reference, so only the first sources in graph order have one"


def _causes(source: SourceAnswer, runners_up: int) -> Iterator[Part]:
    if source.cause is None:
        yield "cause", source.verdict
    else:
        yield "cause", ("in part: " if source.verdict == PARTLY_EXPLAINED else "") + source.cause.sentence
        yield "evidence", source.cause.evidence
    if source.signature:
        yield "looks like", source.signature
    if source.verdict == PARTLY_EXPLAINED or runners_up > 1:
        for place, cause in enumerate(source.runners_up[:runners_up]):
            yield "also tried" if place == 0 else "", _in_one_line(cause)


def _in_one_line(cause: CauseAnswer) -> str:
    return f"{cause.sentence}; {cause.evidence}"
