"""The answer of a run in a notebook, as HTML and as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from parity.answer import Answer, SourceAnswer, SourceGroup

__all__ = ["AnswerView"]

Line = tuple[str, str]
"""A label and what it says; the label of a heading is empty."""


@dataclass(frozen=True)
class AnswerView:
    """What is wrong, why, what it costs and what to do next: the answer that report and terminal give, too.

    Attributes:
        answer: its parts.
    """

    answer: Answer

    def _repr_html_(self) -> str:
        lines = "".join(_html(line) for line in _lines(self.answer))
        return f'<p><b>{escape(self.answer.headline)}</b></p><table style="text-align:left">{lines}</table>'

    def __repr__(self) -> str:
        return "\n".join([self.answer.headline, *(_text(line) for line in _lines(self.answer))])


def _html(line: Line) -> str:
    label, text = (escape(part) for part in line)
    if not label:
        return f'<tr><th colspan="2" style="text-align:left">{text}</th></tr>'
    return f'<tr><td style="vertical-align:top">{label}</td><td style="text-align:left">{text}</td></tr>'


def _text(line: Line) -> str:
    label, text = line
    return f"  {label:<10} {text}" if label else text


def _lines(answer: Answer) -> Iterator[Line]:
    for finding in answer.preflight:
        yield finding.severity, f"{finding.subject}: {finding.sentence} {finding.cure}"
    for sentence in answer.structure:
        yield "structure", sentence
    for group in answer.groups:
        yield from _group_lines(group)
    for label, sentences in (("altogether", (answer.matters,)), ("symptoms", answer.symptoms)):
        yield from ((label, sentence) for sentence in sentences if sentence)
    if answer.coverage:
        yield "not seen", answer.coverage


def _group_lines(group: SourceGroup) -> Iterator[Line]:
    source = group.lead
    yield "", source.place
    yield from (line for line in _source_lines(source) if line[1])
    if group.others_sentence:
        yield "where else", group.others_sentence
    yield "next", source.command


def _source_lines(source: SourceAnswer) -> Iterator[Line]:
    if source.cause is None:
        yield "cause", source.verdict
    else:
        yield "cause", f"{source.cause.sentence} ({source.verdict})"
    yield "evidence", source.reason
    if source.cause is not None:
        yield "replayed", source.cause.evidence
    yield from (("also tried", f"{cause.sentence}: {cause.evidence}") for cause in source.runners_up)
    yield "looks like", source.signature
    yield "cost", source.cost
