"""The self-test in lines of text: limits, a table by group, what was missed, and the targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parity.dtypes import dtype_info
from parity.limits import default_limits
from parity.selftest.cases import GROUPS
from parity.selftest.outcome import Outcome
from parity.selftest.session import SelfTestResult
from parity.selftest.summary import TARGETS, GroupRates, group_rates, missed, unmet

__all__ = ["report_lines"]

_HEADINGS = ("dtype", "group", "cases", "detected", "right tap", "right cause", "elsewhere", "seconds")
_TEXT_COLUMNS = 2


def report_lines(result: SelfTestResult, *, verbose: bool = False, quiet: bool = False) -> Iterator[str]:
    """What to print.

    Args:
        result: what became of the cases.
        verbose: a line for every case.
        quiet: the verdict alone.
    """
    if not quiet:
        yield from _limits(result.outcomes)
        yield ""
        yield from _table(group_rates(result.outcomes))
        yield ""
        yield from _cases(result.outcomes, verbose=verbose)
        yield f"written: {result.file}"
    yield from _verdict(result)


def _limits(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for dtype in dict.fromkeys(outcome.case.dtype for outcome in outcomes):
        limits, target = default_limits(dtype).for_tap("*"), TARGETS[dtype]
        asked = f"detected {target.detected:.0%}, tap {target.right_tap:.0%}, cause {target.right_cause:.0%}"
        yield (
            f"{dtype_info(dtype).short}: R ≤ {limits.noise_ratio:g}, worst token ≤ "
            f"{limits.worst_token_noise_ratio:g}; targets: {asked}, no false alarm"
        )


def _table(rates: Sequence[GroupRates]) -> Iterator[str]:
    rows = [_HEADINGS, *map(_cells, rates)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADINGS))]
    for row in rows:
        cells = [
            cell.ljust(width) if place < _TEXT_COLUMNS else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _cells(rates: GroupRates) -> tuple[str, ...]:
    sound = rates.group == "sound"
    detected = f"{rates.detected} alarms" if sound else _share(rates.detected, rates.cases)
    tap, cause = ("", "") if sound else (_share(rates.right_tap, rates.cases), _share(rates.right_cause, rates.cases))
    name = GROUPS[rates.group] if len(rates.group) > 1 else f"{rates.group} {GROUPS[rates.group]}"
    short = dtype_info(rates.dtype).short
    return (short, name, str(rates.cases), detected, tap, cause, str(rates.elsewhere), f"{rates.seconds:.0f}")


def _share(count: int, of: int) -> str:
    return f"{count} ({count / of:.0%})"


def _cases(outcomes: Sequence[Outcome], *, verbose: bool) -> Iterator[str]:
    for outcome in outcomes:
        reason, more = missed(outcome), outcome.elsewhere
        if reason or verbose:
            yield f"{_name(outcome)}: {reason or 'right'}"
        elif more:
            yield f"{_name(outcome)}: right, yet {more[0].tap} is named too: {more[0].words}"


def _name(outcome: Outcome) -> str:
    case = outcome.case
    about = ", ".join(part for part in (case.where, case.size) if part)
    return f"{dtype_info(case.dtype).short} {case.id}{f' ({about})' if about else ''}"


def _verdict(result: SelfTestResult) -> Iterator[str]:
    yield f"{len(result.outcomes)} cases in {result.seconds:.0f} s"
    failed = unmet(result.outcomes)
    yield from (f"target missed: {line}" for line in failed)
    if not failed:
        yield "PASS: all targets are met"
