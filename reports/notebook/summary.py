"""A run at a glance, as HTML and as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from parity.comparison import Comparison
from parity.formatting import format_cosine, format_metric
from parity.message import first_divergence_sentence, verdict_line
from parity.reports.condense import Line, condense

__all__ = ["Summary"]

_HEADINGS = ("tap", "status", "R", "R worst", "mean abs", "max abs", "rel-L2", "cosine")
_CELL = "padding:1px 10px;text-align:{}"


@dataclass(frozen=True)
class Summary:
    """Verdict, first divergence, and the table that the terminal shows."""

    comparison: Comparison

    def _repr_html_(self) -> str:
        parts = (
            f"<p><b>{escape(verdict_line(self.comparison))}</b><br>",
            f"{escape(first_divergence_sentence(self.comparison))}</p>",
            *_tables(self.comparison),
            "<p>R is the error per token in units of the noise floor's. A line for several taps shows the worst of "
            "each column; taps beyond a limit are marked with ✗.</p>",
        )
        return "\n".join(parts)

    def __repr__(self) -> str:
        return f"{verdict_line(self.comparison)}\n{first_divergence_sentence(self.comparison)}"


def _tables(comparison: Comparison) -> Iterator[str]:
    sections = condense(comparison, verbose=False)
    for section in sections:
        caption = f"<caption>{escape(section.phase)}</caption>" if len(sections) > 1 else ""
        yield f"<table>{caption}<tr>{_cells(_HEADINGS, tag='th')}</tr>"
        yield from (f"<tr>{_cells(_texts(line), tag='td')}</tr>" for line in section.lines)
        yield "</table>"


def _texts(line: Line) -> tuple[str, ...]:
    return (
        ("✗ " if line.fails else "") + line.label,
        line.status,
        format_metric(line.noise_ratio),
        format_metric(line.worst_token_noise_ratio),
        format_metric(line.mean_abs),
        format_metric(line.max_abs),
        format_metric(line.rel_l2),
        format_cosine(line.cosine),
    )


def _cells(texts: tuple[str, ...], *, tag: str) -> str:
    styles = [_CELL.format("left" if place < 2 else "right") for place in range(len(texts))]
    pairs = zip(styles, texts, strict=True)
    return "".join(f'<{tag} style="{style}">{escape(text)}</{tag}>' for style, text in pairs)
