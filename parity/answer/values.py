"""The parts of an answer, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from parity.comparison import TapResult
from parity.finding import Finding
from parity.observer_effect import ObserverEffect

__all__ = ["Answer", "CauseAnswer", "SourceAnswer", "SourceGroup"]


@dataclass(frozen=True)
class CauseAnswer:
    """One possible cause.

    Attributes:
        hypothesis: its stable name, ``activation_other``.
        sentence: the cause in words, without a full stop: ``the activation is GELU instead of SiLU``.
        evidence: how well replaying it reproduces the candidate, without a full stop: ``explains 99.9996% of its
            error; what is left is rounding: R 0.854 (worst token 1.08)``.
    """

    hypothesis: str
    sentence: str
    evidence: str


@dataclass(frozen=True)
class SourceAnswer:
    """One tap whose own operation is wrong.

    Attributes:
        row: the tap's row, with its numbers and its diagnosis.
        place: where it is: ``layers.3.act (gated activation, prefill)``.
        reason: why this tap is held to be a source, with its local R; no full stop.
        verdict: ``explained`` (what the best cause leaves is rounding), ``partly explained``, ``unexplained``, or ``not
            sought``, where what goes into the tap was not captured.
        cause: the best cause; None where nothing explains half of the residual.
        runners_up: other causes that explain a part, the best first.
        signature: where not explained, what the error looks like; empty otherwise.
        cost: what this error alone does to the next tokens, one sentence with a full stop; empty where it was not
            priced.
        command: the command that shows this tap in depth.
    """

    row: TapResult
    place: str
    reason: str
    verdict: str
    cause: CauseAnswer | None
    runners_up: tuple[CauseAnswer, ...]
    signature: str
    cost: str
    command: str


@dataclass(frozen=True)
class SourceGroup:
    """Sources with one and the same cause: a fault that sits in several layers, or in q, k and v.

    Attributes:
        lead: the costliest of them.
        others: the rest, by cost.
        others_sentence: which taps they are, ``The same holds at 5 more taps: act of layers 0–4.``; empty without any.
    """

    lead: SourceAnswer
    others: tuple[SourceAnswer, ...]
    others_sentence: str


@dataclass(frozen=True)
class Answer:
    """What an engineer needs to know about a run, in the order in which it should be read.

    Every sentence ends with a full stop; an empty string or tuple says that there is nothing to say.

    Attributes:
        headline: the whole answer in one sentence.
        diagnosed: whether errors were taken apart; without that, everything but `headline`, `preflight`, `structure`,
            `coverage` (which says why not) and `commands` is empty.
        preflight: what was found before any layer was judged, errors first. Where there is an error among them, no
            layer may be blamed before it is mended.
        observer: what marking taps changes in the engine; None where that is nothing, or was not measured.
        structure: one sentence for each status of taps that fail without numbers: missing, of another shape, NaN.
        sources: every tap whose own operation is wrong, by what it costs (mean KL of its own error), those without
            a price last, in graph order where equal. Harmless ones are not among them.
        groups: the same sources, those with one cause together, the costliest group first.
        symptoms: how many taps only pass an error on or make it grow, from where to where; which differ harmlessly or
            show another tensor.
        coverage: what could not be taken apart, why, and how to have it; empty where everything was.
        matters: what all differences together do to the next tokens.
        commands: what to type next, the most useful first.
    """

    headline: str
    diagnosed: bool
    preflight: tuple[Finding, ...]
    observer: ObserverEffect | None
    structure: tuple[str, ...]
    sources: tuple[SourceAnswer, ...]
    groups: tuple[SourceGroup, ...]
    symptoms: tuple[str, ...]
    coverage: str
    matters: str
    commands: tuple[str, ...]
