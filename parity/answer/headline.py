"""The answer in one sentence: by roles where errors were taken apart, by the first failing tap otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from parity.answer.sources import group_sources, place_of, source_answers
from parity.answer.values import SourceGroup
from parity.comparison import Comparison, TapResult
from parity.formatting import format_count, format_limit, format_metric
from parity.origin import origin_clause

__all__ = ["headline_sentence"]


def headline_sentence(comparison: Comparison) -> str:
    """What is wrong, or that nothing is, in one sentence."""
    errors = [finding for finding in comparison.preflight if finding.severity == "error"]
    if errors:
        return (
            f"The two sides are not the same model on the same input, so no layer can be blamed yet: "
            f"{errors[0].subject}: {errors[0].sentence.rstrip('.')}."
        )
    groups = group_sources(source_answers(comparison, run="RUN"))
    first = comparison.first_divergence
    if groups and (first is None or first.errors is not None):
        return _sources(groups)
    if first is not None:
        return _first(comparison, first)
    return _none(comparison)


def _sources(groups: Sequence[SourceGroup]) -> str:
    lead = groups[0].lead
    if len(groups) == 1:
        more = f" and {len(groups[0].others)} more" if groups[0].others else ""
        verb = "are" if groups[0].others else "is"
        return f"The error is born in {place_of(lead.row)}{more}, which {verb} wrong: {_cause(groups[0])}."
    named = "; ".join(f"{place_of(group.lead.row)}: {_cause(group)}" for group in groups[:3])
    more = f"; and {len(groups) - 3} more" if len(groups) > 3 else ""
    return f"{len(groups)} different errors are born, the costliest first: {named}{more}."


def _cause(group: SourceGroup) -> str:
    lead = group.lead
    if lead.cause is None:
        return "no known cause explains it"
    return lead.cause.sentence if lead.verdict == "explained" else f"in part, {lead.cause.sentence}"


def _first(comparison: Comparison, row: TapResult) -> str:
    return (
        f"{row.tap} ({row.op}, {row.phase}) is the first tap to leave the reference, {_how_far(row)}; "
        f"{origin_clause(comparison, row)}."
    )


def _none(comparison: Comparison) -> str:
    compared = format_count(sum(row.errors is not None for row in comparison.rows))
    ratios = [(row.noise.noise_ratio, row.tap) for row in comparison.rows if row.noise is not None]
    if not ratios:
        return (
            f"No tap leaves the reference: none of the {compared} taps compared is flagged (no noise floor was "
            "recorded, so nothing tells rounding from a small error)."
        )
    largest, tap = max(ratios)
    return (
        f"No tap leaves the reference: all {compared} taps compared are no farther from it than rounding in "
        f"{comparison.candidate.dtype} explains (largest R {format_metric(largest)}, at {tap}{_local(comparison)})."
    )


def _local(comparison: Comparison) -> str:
    """The largest R of an operation by itself."""
    ratios = [(row.diagnosis.local.local_noise_ratio, row.tap) for row in comparison.rows if row.diagnosis is not None]
    if not ratios:
        return ""
    largest, tap = max(ratios)
    return f"; of an operation by itself {format_metric(largest)}, at {tap}"


def _how_far(row: TapResult) -> str:
    if row.errors is None or row.status != "mismatch":
        return f"{row.status}: {row.reason.rstrip('.')}"
    if row.noise is None:
        found = format_metric(getattr(row.errors, row.limits.flag_metric))
        return f"with {row.limits.flag_metric} {found} above {format_limit(row.limits.flag_threshold)}"
    if row.noise.noise_ratio > row.limits.noise_ratio:
        return f"at {format_metric(row.noise.noise_ratio)} times the noise floor"
    return f"at {format_metric(row.noise.worst_token_noise_ratio)} times the noise floor at its worst token"
