"""What the page's script reads: the comparison with every number as text, so that Python alone formats."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from parity.answer import make_answer
from parity.answer.lineage import sources_upstream
from parity.comparison import FAILING_STATUSES, STATUSES, Comparison, TapResult
from parity.diagnosis import ROLES
from parity.formatting import format_count, format_limit, format_metric
from parity.origin import origin_clause
from parity.replay.roles import AMPLIFIES
from parity.reports.html.columns import COLUMNS, Column, cell_texts
from parity.reports.html.diagnosis import CostText, DiagnosisText, cost_text, diagnosis_text
from parity.reports.html.evidence import (
    ArrayText,
    ChannelText,
    HeadText,
    Profile,
    TokenText,
    WorstText,
    array_text,
    channel_texts,
    head_texts,
    profile,
    token_texts,
    worst_text,
)
from parity.reports.html.text import visible_text
from parity.reports.rows import layer_row

__all__ = ["HistogramCounts", "Payload", "Role", "Status", "TapView", "make_payload", "payload_json", "tap_anchor"]


@dataclass(frozen=True)
class Status:
    """A status, its meaning, and whether it fails the run."""

    name: str
    meaning: str
    fails: bool


@dataclass(frozen=True)
class Role:
    """A role and its meaning."""

    name: str
    meaning: str


@dataclass(frozen=True)
class HistogramCounts:
    """As `parity.comparison.Histogram`; `edges` is the number of its edges in `Payload.edges`."""

    edges: int
    candidate: tuple[int, ...]
    floor: tuple[int, ...]
    candidate_zeros: int
    floor_zeros: int


@dataclass(frozen=True)
class TapView:
    """One row of the comparison, as text.

    Attributes:
        key, phase, tap, kind, layer, op, inputs, status, reason, flagged: as in `TapResult`.
        origin: what its inputs say about where its error comes from; empty unless it fails or is flagged.
        fails: it fails the run.
        cells: the text of each of `Payload.columns`.
        flag_metric, flag_value, flag_threshold: what the flag watches, what was found, what is allowed.
        noise_limit, worst_token_limit: limits of R.
        floor_rel_l2, basis: as in `NoiseMetrics`; `basis` is empty without a floor.
        p99_abs, p99_rel: metrics that the table has no room for.
        reference, candidate: dtype and shape of both sides; None where absent.
        elements: how many were compared.
        non_finite: counts of the reference and of the candidate; None where values were not looked at.
        worst, tokens, channels, heads, histogram, profile: the evidence; None or empty where there is none.
        diagnosis: role, causes and cost; None where the tap was not replayed.
    """

    key: str
    phase: str
    tap: str
    kind: str
    layer: int | None
    op: str
    inputs: tuple[str, ...]
    status: str
    reason: str
    origin: str
    flagged: bool
    fails: bool
    cells: tuple[str, ...]
    flag_metric: str
    flag_value: str
    flag_threshold: str
    noise_limit: str
    worst_token_limit: str
    floor_rel_l2: str
    basis: str
    p99_abs: str
    p99_rel: str
    reference: ArrayText | None
    candidate: ArrayText | None
    elements: str
    non_finite: tuple[str, str] | None
    worst: WorstText | None
    tokens: tuple[TokenText, ...]
    channels: tuple[ChannelText, ...]
    heads: tuple[HeadText, ...]
    histogram: HistogramCounts | None
    profile: Profile | None
    diagnosis: DiagnosisText | None


@dataclass(frozen=True)
class Payload:
    """Everything that the script reads.

    Attributes:
        statuses: every status, the best first.
        roles: every role, sources first; empty where nothing was replayed.
        columns: the columns of the table.
        phases: their names, in the order they ran.
        prompts: number of tokens of each prompt.
        has_floor: a noise floor was recorded.
        floors: how many floor runs were recorded.
        logits: what all differences together cost; None without a diagnosis.
        first: number of the first failing row; None where no row fails.
        sources: numbers of the rows of sources, by what they cost.
        amplifies: the growth above which an operation is called an amplifier.
        edges: the distinct edges of histograms, as base-10 logarithms.
        rows: one per phase and tap, in graph order.
    """

    statuses: tuple[Status, ...]
    roles: tuple[Role, ...]
    columns: tuple[Column, ...]
    phases: tuple[str, ...]
    prompts: tuple[int, ...]
    has_floor: bool
    floors: int
    logits: CostText | None
    first: int | None
    sources: tuple[int, ...]
    amplifies: float
    edges: tuple[tuple[float, ...], ...]
    rows: tuple[TapView, ...]


def make_payload(comparison: Comparison) -> Payload:
    """Turn `comparison` into what the script reads."""
    rows, first = comparison.rows, comparison.first_divergence
    numbers = {row.key: number for number, row in enumerate(rows)}
    edges = list(dict.fromkeys(row.histogram.log10_edges for row in rows if row.histogram))
    return Payload(
        statuses=tuple(Status(name, text, name in FAILING_STATUSES) for name, text in STATUSES.items()),
        roles=tuple(Role(name, text) for name, text in ROLES.items()) if any(row.diagnosis for row in rows) else (),
        columns=COLUMNS,
        phases=tuple(dict.fromkeys(visible_text(row.phase) for row in rows)),
        prompts=tuple(prompt.tokens for prompt in comparison.prompts),
        has_floor=comparison.floor is not None,
        floors=len(comparison.floors),
        logits=cost_text(comparison.logits) if comparison.logits else None,
        first=None if first is None else rows.index(first),
        sources=tuple(numbers[source.row.key] for source in make_answer(comparison).sources),
        amplifies=AMPLIFIES,
        edges=tuple(edges),
        rows=tuple(_tap_view(comparison, row, edges=edges, numbers=numbers) for row in rows),
    )


def payload_json(payload: Payload) -> str:
    """`payload` as JSON that may stand inside a ``<script>`` element: without ``<``, ``>`` and ``&``."""
    text = json.dumps(payload, default=vars, allow_nan=False, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def tap_anchor(row: TapResult) -> str:
    """What follows ``report.html`` in the address of one tap: ``#prefill-layers.3.attn_out``."""
    return "#" + quote(visible_text(row.key))


def _tap_view(
    comparison: Comparison, row: TapResult, *, edges: Sequence[tuple[float, ...]], numbers: Mapping[str, int]
) -> TapView:
    fails = row.fails(strict=comparison.limits.strict)
    errors, noise, limits, counts = row.errors, row.noise, row.limits, row.non_finite
    return TapView(
        key=visible_text(row.key),
        phase=visible_text(row.phase),
        tap=visible_text(row.tap),
        kind=visible_text(row.kind),
        layer=row.layer,
        op=row.op,
        inputs=tuple(map(visible_text, row.inputs)),
        status=row.status,
        reason=visible_text(row.reason),
        origin=visible_text(origin_clause(comparison, row)) if fails or row.flagged else "",
        flagged=row.flagged,
        fails=fails,
        cells=tuple(map(visible_text, cell_texts(layer_row(row)))),
        flag_metric=limits.flag_metric,
        flag_value=format_metric(getattr(errors, limits.flag_metric) if errors else None),
        flag_threshold=format_limit(limits.flag_threshold),
        noise_limit=format_limit(limits.noise_ratio),
        worst_token_limit=format_limit(limits.worst_token_noise_ratio),
        floor_rel_l2=format_metric(noise.floor_rel_l2 if noise else None),
        basis=noise.basis if noise else "",
        p99_abs=format_metric(errors.p99_abs if errors else None),
        p99_rel=format_metric(errors.p99_rel if errors else None),
        reference=array_text(row.reference),
        candidate=array_text(row.candidate),
        elements=format_count(row.elements),
        non_finite=(format_count(counts.reference), format_count(counts.candidate)) if counts else None,
        worst=worst_text(row),
        tokens=token_texts(row.worst_tokens),
        channels=channel_texts(row),
        heads=head_texts(row),
        histogram=_histogram(row, edges),
        profile=profile(row),
        diagnosis=diagnosis_text(row.diagnosis, born=[numbers[source.key] for source in _born(comparison, row)]),
    )


def _born(comparison: Comparison, row: TapResult) -> Sequence[TapResult]:
    """The sources of an error that only passes through `row`."""
    heir = row.diagnosis is not None and row.diagnosis.role in ("carrier", "amplifier")
    return sources_upstream(comparison, row) if heir else ()


def _histogram(row: TapResult, edges: Sequence[tuple[float, ...]]) -> HistogramCounts | None:
    if row.histogram is None:
        return None
    histogram = row.histogram
    return HistogramCounts(
        edges.index(histogram.log10_edges),
        histogram.candidate,
        histogram.floor,
        histogram.candidate_zeros,
        histogram.floor_zeros,
    )
