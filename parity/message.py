"""The words of a verdict, shared by the terminal, the report and pytest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from parity.answer.headline import headline_sentence
from parity.answer.lineage import born_sentence, sources_upstream, upstream_sentence
from parity.answer.parts import LABEL_WIDTH, Part, diagnosis_parts
from parity.commands import capture_option, next_command
from parity.comparison import FAILING_STATUSES, STATUSES, Comparison, Histogram, Side, TapResult
from parity.formatting import (
    format_array,
    format_count,
    format_index,
    format_limit,
    format_metric,
    format_piece,
    format_share,
    format_value,
)
from parity.origin import look_upstream, origin_clause

__all__ = ["failure_message", "first_divergence_sentence", "heir_message", "next_command", "verdict_line"]

_HEIRS = ("carrier", "amplifier")
_EDGE_TOLERANCE = 1e-9  # 10**log10(x) is not x


def verdict_line(comparison: Comparison) -> str:
    """``FAIL: 3 of 93 taps fail (2 mismatch, 1 not finite); 80 match, 10 rounding``, counting every row."""
    phases = len({row.phase for row in comparison.rows})
    total = format_count(len(comparison.rows)) + " taps" + (f" in {phases} phases" if phases > 1 else "")
    if comparison.passed:
        return f"PASS: {total}, {_counts(comparison.rows)}"
    errors = sum(finding.severity == "error" for finding in comparison.preflight)
    early = f"{errors} error{'s' if errors > 1 else ''} before any layer was judged; " if errors else ""
    if comparison.observer is not None and comparison.observer.fails:
        early += "without taps the engine is beyond the limits; "
    if not comparison.failures:
        return f"FAIL: {early}{total}, {_counts(comparison.rows)}"
    strict = comparison.limits.strict
    others = tuple(row for row in comparison.rows if not row.fails(strict=strict))
    count = format_count(len(comparison.failures))
    rule = " under --strict" if strict else ""
    rest = f"; {_counts(others)}" if others else ""
    return f"FAIL: {early}{count} of {total} fail{rule} ({_counts(comparison.failures)}){rest}"


def first_divergence_sentence(comparison: Comparison) -> str:
    """Where the error is born, as roles tell; without them, which tap leaves the reference first; or that none does."""
    return headline_sentence(comparison)


def failure_message(comparison: Comparison, row: TapResult, *, run: str = "RUN", shown: bool = False) -> str:
    """Explain one row in parts: tap, role, cause and cost, sides, elements, worst element, taps before it, what next.

    Args:
        comparison: what `row` belongs to.
        row: a row of any status; the words are made for one that fails.
        run: folder that holds `comparison.json`, for the next command.
        shown: this row is being shown in depth, so the command that would do it is left out.

    Returns:
        Several lines: the first says everything in short, the others are indented details.
    """
    parts = (
        *_grouped(diagnosis_parts(comparison, row)),
        ("sides", _sides(comparison, row)),
        ("elements", _elements(row)),
        ("worst", [*_worst(row), *_allowed(row)]),
        ("before", _before(comparison, row)),
        ("next", _next(comparison, row, run, shown=shown)),
    )
    return _labelled(_headline(row, strict=comparison.limits.strict), parts)


def heir_message(comparison: Comparison, row: TapResult, *, run: str = "RUN") -> str:
    """Explain in short a row that fails only because of what came in: where that was born, and what to look at.

    Empty for rows of which that is not known.
    """
    sources = sources_upstream(comparison, row)
    if row.diagnosis is None or row.diagnosis.role not in _HEIRS or not sources:
        return ""
    does = "passes on an error" if row.diagnosis.role == "carrier" else "makes an error grow"
    headline = f"{row.tap} ({row.op}, {row.phase}): {row.status}: its operation is right, it {does}"
    born = born_sentence(comparison, sources)
    return _labelled(headline, (("born", [born]), ("next", [next_command(run, sources[0].tap)])))


def _labelled(headline: str, parts: Sequence[tuple[str, Sequence[str]]]) -> str:
    lines = [headline]
    for label, texts in parts:
        lines += [f"  {label if i == 0 else '':<{LABEL_WIDTH}} {text}" for i, text in enumerate(texts)]
    return "\n".join(lines)


def _grouped(parts: Iterable[Part]) -> Iterator[tuple[str, list[str]]]:
    for label, text in parts:
        yield label, [text]


def _counts(rows: tuple[TapResult, ...]) -> str:
    counts = Counter(row.status for row in rows)
    return ", ".join(f"{format_count(counts[status])} {status}" for status in STATUSES if counts[status])


def _headline(row: TapResult, *, strict: bool) -> str:
    only_strict = strict and row.flagged and row.status not in FAILING_STATUSES
    rule = " (under --strict every flag fails)" if only_strict else ""
    return f"{row.tap} ({row.op}, {row.phase}): {row.status}: {row.reason.rstrip('.')}{rule}"


def _sides(comparison: Comparison, row: TapResult) -> list[str]:
    return [
        _side(comparison.reference, format_array(row.reference)),
        _side(comparison.candidate, format_array(row.candidate)),
    ]


def _side(side: Side, array: str) -> str:
    return f"{side.role}: {array}, from {side.runner} in {side.dtype} ({side.model})"


def _elements(row: TapResult) -> list[str]:
    lines, counts = [], row.non_finite
    if counts is not None and counts.reference + counts.candidate:
        lines.append(
            f"NaN or infinite: {format_count(counts.reference)} in the reference, "
            f"{format_count(counts.candidate)} in the candidate"
        )
    if row.errors is None:
        return [*lines, "none compared: " + STATUSES[row.status]]
    lines.append(
        f"{format_count(row.elements)} compared{_beyond(row)}; half are off by more than "
        f"{format_metric(row.errors.median_abs)}, 1 in 100 by more than {format_metric(row.errors.p99_abs)}"
    )
    return lines


def _beyond(row: TapResult) -> str:
    if row.histogram is None or not row.limits.flag_metric.endswith("_abs"):
        return ""
    found = _count_from(row.histogram, row.limits.flag_threshold)
    if found is None:
        return ""
    count, edge = found
    return f", {format_count(count)} ({format_share(count, row.elements)}) off by {format_limit(edge)} or more"


def _count_from(histogram: Histogram, threshold: float) -> tuple[int, float] | None:
    """How many elements have an error of at least the first edge not below `threshold`, and that edge."""
    for i, edge in enumerate(histogram.log10_edges[:-1]):
        if 10**edge >= threshold * (1 - _EDGE_TOLERANCE):
            return sum(histogram.candidate[i:]), 10**edge
    return None


def _worst(row: TapResult) -> list[str]:
    if row.worst is None:
        return ["no element: values were not compared"]
    worst = row.worst
    difference = abs(worst.candidate_value - worst.reference_value)
    return [
        f"{format_index(worst.index, worst.axes)}: reference {format_value(worst.reference_value)}, "
        f"candidate {format_value(worst.candidate_value)}, difference {format_metric(difference)}"
    ]


def _allowed(row: TapResult) -> list[str]:
    limits, lines = row.limits, []
    if row.noise is not None:
        median, worst = row.noise.noise_ratio, row.noise.worst_token_noise_ratio
        lines += [
            f"allowed: R up to {format_limit(limits.noise_ratio)}, found {format_metric(median)}",
            f"allowed: R of the worst token up to {format_limit(limits.worst_token_noise_ratio)}, found "
            f"{format_metric(worst)}{_worst_token(row)}",
        ]
    if row.errors is not None:
        found = format_metric(getattr(row.errors, limits.flag_metric))
        lines.append(f"allowed: {limits.flag_metric} up to {format_limit(limits.flag_threshold)}, found {found}")
    return lines


def _worst_token(row: TapResult) -> str:
    if not row.worst_tokens:
        return ""
    token = row.worst_tokens[0]
    piece = f" {format_piece(token.piece)!r}" if token.piece else ""
    return f" (prompt {token.prompt}, token {token.position}{piece})"


def _before(comparison: Comparison, row: TapResult) -> list[str]:
    if row.diagnosis is not None:
        return [upstream_sentence(comparison, row)]
    lines, first = [origin_clause(comparison, row)], comparison.first_divergence
    if first is not None and first.key != row.key and row.fails(strict=comparison.limits.strict):
        lines.append(f"the first tap to leave the reference is {first.tap} ({first.phase}, {first.status})")
    return lines


def _next(comparison: Comparison, row: TapResult, run: str, *, shown: bool) -> list[str]:
    lines = [] if shown else [next_command(run, row.tap)]
    if row.diagnosis is not None and row.diagnosis.role in _HEIRS:
        lines = [next_command(run, source.tap) for source in sources_upstream(comparison, row)[:1]] + lines
    if row.status != "extra" and look_upstream(comparison, row).uncompared:
        lines.append(f"and capture the taps between: {capture_option(row.tap, row.layer)}")
    return lines
