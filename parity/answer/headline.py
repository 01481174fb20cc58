"""The answer in one sentence: by roles where errors were taken apart, by the first failing tap otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from parity.answer.cause_words import EXPLAINED, NOT_SOUGHT, format_explained
from parity.answer.sources import group_cause, group_sources, place_of, source_answers
from parity.answer.values import SourceGroup
from parity.comparison import Comparison, TapResult
from parity.diagnosis import EXPLAINED_SHARE
from parity.formatting import format_count, format_limit, format_metric
from parity.origin import origin_clause

__all__ = ["headline_sentence"]

_NAMED_GROUPS = 3


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
    if groups and (first is None or first.diagnosis is not None):
        return _sources(groups)
    if first is not None:
        return _first(comparison, first)
    if comparison.observer is not None and comparison.observer.fails:
        return comparison.observer.sentence
    return _none(comparison)


def _sources(groups: Sequence[SourceGroup]) -> str:
    if len(groups) == 1:
        verb = "are" if groups[0].others else "is"
        return f"The error is born in {_places(groups[0])}, which {verb} wrong: {_cause(groups[0])}."
    named = "; ".join(f"{_places(group)}: {_cause(group)}" for group in groups[:_NAMED_GROUPS])
    more = f"; and {len(groups) - _NAMED_GROUPS} more" if len(groups) > _NAMED_GROUPS else ""
    return f"{len(groups)} different errors are born, the costliest first: {named}{more}."


def _places(group: SourceGroup) -> str:
    others = group.others
    if not others:
        return place_of(group.lead.row)
    return f"{place_of(group.lead.row)} and " + (others[0].row.tap if len(others) == 1 else f"{len(others)} more taps")


def _cause(group: SourceGroup) -> str:
    lead = group.lead
    if lead.verdict == NOT_SOUGHT:
        return "which operation on the way to it is open, for what goes in was not captured"
    if lead.cause is None:
        return "no known cause explains it"
    if lead.verdict == EXPLAINED:
        return group_cause(group)
    share = lead.row.diagnosis.causes[0].explained_share if lead.row.diagnosis else 0.0
    if share >= EXPLAINED_SHARE:
        return f"{lead.cause.sentence}, which explains {format_explained(share)} of it, but not all"
    return f"no known cause explains all of it; the nearest, for {format_explained(share)} of it: {lead.cause.sentence}"


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
