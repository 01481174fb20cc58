"""What `parity lint` found, as text: a few lines for each finding, the worst first, and one line that counts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from qwen_trt_model.lint import LintFinding, LintReport

__all__ = ["print_findings", "verdict"]

_WIDTH = 100
_INDENT = 10
_STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def print_findings(findings: Sequence[LintFinding], *, console: Console | None = None) -> None:
    """Print each finding with what was expected, what was found and the cure.

    Args:
        findings: the worst first.
        console: where to; standard output by default. Colours are used only on a terminal.
    """
    console = Console() if console is None else console
    width = min(_WIDTH, console.width) if console.is_terminal else _WIDTH
    for finding in findings:
        head, *lines = _lines(finding, width)
        console.print(Text(head, style=_STYLES[finding.severity]), soft_wrap=True)
        for line in lines:
            console.print(Text(line), soft_wrap=True)


def verdict(report: LintReport) -> str:
    """What was checked, how it ended, and how long it took, in one line."""
    tensors = _counted(report.tensors, "tensor")
    if report.compared < report.tensors:
        tensors += f" ({report.compared} by value)"
    ranks = f" of {report.ranks} ranks" if report.ranks > 1 else ""
    counts = ", ".join(_counted(report.count(severity), severity) for severity in _STYLES)
    word = "PASS" if report.passed else "FAIL"
    return f"{word}: {tensors}{ranks}, {_counted(report.keys, 'key')} checked; {counts}; {report.seconds:.1f} s"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _lines(finding: LintFinding, width: int) -> Iterator[str]:
    more = f"  ({finding.places} alike)" if finding.places > 1 else ""
    yield f"{finding.severity:<{_INDENT - 1}} {finding.check}: {finding.subject}{more}"
    for title in ("expected", "found", "cure"):
        text = f"{title:<9} {getattr(finding, title)}"
        yield from textwrap.wrap(
            text, width, initial_indent=" " * _INDENT, subsequent_indent=" " * 2 * _INDENT, break_long_words=False
        )
