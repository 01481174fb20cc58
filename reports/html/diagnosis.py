"""Role, error taken apart, causes and cost of one tap, as text for the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from parity.answer.cause_words import format_explained
from parity.diagnosis import Cause, Diagnosis, LogitCost
from parity.formatting import format_count, format_metric
from parity.reports.html.evidence import TokenText, token_texts
from parity.reports.html.text import visible_text

__all__ = ["CauseText", "CostText", "DiagnosisText", "cost_text", "diagnosis_text"]


class CauseText(NamedTuple):
    """One cause: in words, the share it explains, R of what it leaves (median, worst token), numbers fitted."""

    sentence: str
    share: str
    ratio: str
    worst: str
    fitted: int


class CostText(NamedTuple):
    """What a difference does to the next tokens.

    Attributes:
        flipped: choices that changed, of how many.
        clear: likewise where the reference's choice is clear.
        mean_kl, max_kl: in nats.
        top5: mean overlap of the five most likely tokens, in per cent.
        margin: the largest share of a clear choice's margin that is lost, in per cent; above 100 it has changed.
    """

    flipped: str
    clear: str
    mean_kl: str
    max_kl: str
    top5: str
    margin: str


@dataclass(frozen=True)
class DiagnosisText:
    """As `Diagnosis`; what the table shows already is left out.

    Attributes:
        role: one of `ROLES`.
        reason: why it has this role.
        worst_local, worst_inherited: R of the worst token of each part.
        noise_gain: the floor run's gain.
        growth: gain ÷ the floor run's gain.
        causes: of a source, the best first.
        signature: what an unexplained error looks like.
        costs: of a source: of its own error alone, and of its activation; None where it was not priced.
        tokens: of a source, the worst tokens of the local error.
        born: of a carrier or amplifier, numbers of the rows of the sources that its error can come from.
    """

    role: str
    reason: str
    worst_local: str
    worst_inherited: str
    noise_gain: str
    growth: str
    causes: tuple[CauseText, ...]
    signature: str
    costs: tuple[CostText, CostText] | None
    tokens: tuple[TokenText, ...]
    born: tuple[int, ...]


def diagnosis_text(diagnosis: Diagnosis | None, *, born: Sequence[int] = ()) -> DiagnosisText | None:
    """The diagnosis of one row, with the sources of what came in; None where it was not replayed."""
    if diagnosis is None:
        return None
    local, cost = diagnosis.local, diagnosis.cost
    growth = local.gain / local.noise_gain if local.gain is not None and local.noise_gain else None
    return DiagnosisText(
        role=diagnosis.role,
        reason=visible_text(diagnosis.reason),
        worst_local=format_metric(local.worst_token_local_noise_ratio),
        worst_inherited=format_metric(local.worst_token_inherited_noise_ratio),
        noise_gain=format_metric(local.noise_gain),
        growth=format_metric(growth),
        causes=tuple(map(_cause_text, diagnosis.causes)),
        signature=visible_text(diagnosis.signature),
        costs=(cost_text(cost.local_error), cost_text(cost.activation)) if cost else None,
        tokens=token_texts(local.worst_local_tokens) if diagnosis.role == "source" else (),
        born=tuple(born),
    )


def cost_text(cost: LogitCost) -> CostText:
    """One column of the table of costs."""
    clear = round((1 - cost.decided_top1_agreement) * cost.decided_positions)
    return CostText(
        f"{format_count(cost.flipped_positions)} of {format_count(cost.positions)}",
        f"{format_count(clear)} of {format_count(cost.decided_positions)}",
        format_metric(cost.mean_kl),
        format_metric(cost.max_kl),
        f"{format_metric(100 * cost.top5_overlap)}%",
        f"{format_metric(100 * cost.max_margin_used)}%",
    )


def _cause_text(cause: Cause) -> CauseText:
    return CauseText(
        visible_text(cause.sentence),
        format_explained(cause.explained_share),
        format_metric(cause.noise_ratio),
        format_metric(cause.worst_token_noise_ratio),
        cause.fitted,
    )
