"""What is planted, in lines of text, and what is left out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from parity.selftest.cases import GROUPS
from qwen_trt_model.faults import FAULTS, LEFT_OUT, Fault

__all__ = ["listing_lines"]

_WIDTH = 100
_INDENT = "      "


def listing_lines() -> Iterator[str]:
    """Every fault by group, with its sizes and the causes that name it rightly; then what can't be planted."""
    group = ""
    for fault in FAULTS.values():
        if fault.group != group:
            group = fault.group
            yield f"{group}  {GROUPS[group]}"
        yield from _fault_lines(fault)
    yield "left out"
    for what, why in LEFT_OUT.items():
        yield from _wrapped(f"{what}: {why}", first="  ")


def _fault_lines(fault: Fault) -> Iterator[str]:
    yield from _wrapped(f"{fault.id}  {fault.title}: {fault.description}", first="  ")
    sizes = "; ".join(size.name for size in fault.sizes if size.name)
    drawn = ", and others at random" if fault.draw else ""
    if sizes or drawn:
        yield from _wrapped(f"sizes: {sizes or 'one'}{drawn}", first=_INDENT)
    yield from _wrapped(f"found at {fault.first_tap}: {_expectation(fault)}", first=_INDENT)


def _expectation(fault: Fault) -> str:
    if fault.harmless:
        return "harmless, so that nothing may fail"
    if fault.captured_only:
        return "a wrong capture"
    return " or ".join(dict.fromkeys(name for size in fault.sizes for name in fault.expected_causes(size)))


def _wrapped(text: str, *, first: str) -> Iterator[str]:
    yield from textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=_INDENT)
