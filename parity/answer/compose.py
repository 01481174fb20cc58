"""From a comparison to its answer."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from parity.answer.cost_words import logits_sentence, lost_logits_sentence
from parity.answer.headline import headline_sentence
from parity.answer.sources import group_sources, source_answers
from parity.answer.symptoms import coverage_sentence, structure_sentences, symptom_sentences
from parity.answer.values import Answer, SourceGroup
from parity.commands import next_command
from parity.comparison import Comparison
from parity.finding import SEVERITIES, Finding

__all__ = ["make_answer"]

_COMMANDS = 3


def make_answer(comparison: Comparison, *, run: str = "RUN") -> Answer:
    """Say what `comparison` means.

    Args:
        comparison: with or without a diagnosis; without one, the first failing tap and its inputs have to do.
        run: folder that holds ``comparison.json``, for the commands.
    """
    sources = source_answers(comparison, run=run)
    groups = group_sources(sources)
    return Answer(
        headline=headline_sentence(comparison),
        diagnosed=any(row.diagnosis is not None for row in comparison.rows),
        preflight=_by_severity(comparison.preflight),
        observer=comparison.observer if comparison.observer and comparison.observer.grade != "faithful" else None,
        structure=structure_sentences(comparison),
        sources=sources,
        groups=groups,
        symptoms=symptom_sentences(comparison),
        coverage=coverage_sentence(comparison),
        matters=_matters(comparison),
        commands=tuple(dict.fromkeys(_commands(comparison, groups, run))),
    )


def _matters(comparison: Comparison) -> str:
    if comparison.logits is not None:
        return logits_sentence(comparison.logits)
    lost = [row for row in comparison.failures if row.tap == "logits" and row.status == "not finite"]
    return lost_logits_sentence(lost[0]) if lost else ""


def _by_severity(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    order = list(SEVERITIES)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def _commands(comparison: Comparison, groups: Sequence[SourceGroup], run: str) -> Iterator[str]:
    first = comparison.first_divergence
    for group in groups[:_COMMANDS]:
        yield group.lead.command
    if first is not None and (not groups or first.diagnosis is None):
        yield next_command(run, first.tap)
    if first is not None and comparison.undiagnosed:
        yield f"parity diagnose {shlex.quote(run)}"
