"""Taps whose capture shows a later tensor: a kernel wrote in place before the tensor was copied.

The tap is far from the other side's, the tensor it shows is right, so nothing computed from it is wrong. A layer at
fault looks the other way round: there the *later* tensor of two equal ones is wrong, as where an operation was left
out. Where the engine can't give the later tensor, the reference's stands for it, and the next tap that was captured
has to be right. Hugging Face's ``hidden_states[-1]``, taken behind the final norm, is the reference's own case of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from parity.finding import Finding
from parity.preflight.check import DumpCheck
from parity.preflight.sides import DumpSides, PhaseSides, TapRows
from parity.preflight.values import relative_distance, same_values, sample
from parity.taps import TapGraph

__all__ = ["ALIASED_TAP"]

_NAME = "aliased_tap"

_WRONG = 0.05
"""rel-L2 of a tap from the other side's beyond which it may be another tensor."""
_NEAR = 0.3
"""rel-L2 up to which the shown tensor is the other side's; deep layers in bf16 reach 0.1."""
_RIGHT = 0.1
"""The shown tensor's distance from the other side's, in units of the tap's own, up to which it counts as right."""
_LISTED = 3


@dataclass(frozen=True)
class _Alias:
    """A tap that shows another.

    Attributes:
        tap: what was captured wrongly.
        shows: the later tap whose values it has.
        exactly: whether bit by bit, both being captured.
    """

    tap: str
    shows: str
    exactly: bool


def _find(sides: DumpSides) -> Iterator[Finding]:
    for phase in sides.phases:
        for role, own, other in (
            ("candidate", phase.candidate, phase.reference),
            ("reference", phase.reference, phase.candidate),
        ):
            for group in _grouped(phase, (*_twins(phase, own, other), *_unseen(phase, own, other))):
                yield _finding(phase, role, group)


def _grouped(phase: PhaseSides, aliases: Iterable[_Alias]) -> Iterable[list[_Alias]]:
    """Layers in which the same happens share a finding."""
    groups: dict[tuple[str, str, bool], list[_Alias]] = {}
    for alias in aliases:
        kinds = phase.graph[alias.tap].kind, phase.graph[alias.shows].kind, alias.exactly
        groups.setdefault(kinds, []).append(alias)
    return groups.values()


def _twins(phase: PhaseSides, own: TapRows, other: TapRows) -> Iterator[_Alias]:
    """Taps with the values of a later one of the same side; each is compared with the next that has them."""
    seen: dict[bytes, list[str]] = {}
    for name in (tap.name for tap in phase.graph if tap.name in own):
        alike = seen.setdefault(_fingerprint(own, name), [])
        twin = next((earlier for earlier in reversed(alike) if same_values(own[earlier], own[name])), None)
        alike.append(name)
        if twin is not None and twin in other and name in other:
            off, aside = (_distance(own, place, other, place) for place in (twin, name))
            if _contrasts(off, aside):
                yield _Alias(twin, name, exactly=True)


def _contrasts(off: float, aside: float) -> bool:
    """Whether one tap is far from the other side's and the other one near; NaN everywhere is neither."""
    return _WRONG < off < float("inf") and aside <= min(_NEAR, _RIGHT * off)


def _unseen(phase: PhaseSides, own: TapRows, other: TapRows) -> Iterator[_Alias]:
    """Taps with the values of a later one that this side could not give."""
    for later in (tap for tap in phase.graph if tap.name in other and tap.name not in own):
        for name in (name for name in later.inputs if name in own and name in other):
            off = _distance(own, name, other, name)
            if not _contrasts(off, _distance(own, name, other, later.name)):
                continue
            readers = [r for r in _captured_readers(phase.graph, later.name, own) if r in other]
            if readers and all(_contrasts(off, _distance(own, reader, other, reader)) for reader in readers):
                yield _Alias(name, later.name, exactly=False)


def _captured_readers(graph: TapGraph, name: str, rows: TapRows) -> Iterator[str]:
    """The first captured taps behind `name`."""
    for tap in graph:
        if name in tap.inputs and tap.name in rows:
            yield tap.name
        elif name in tap.inputs:
            yield from _captured_readers(graph, tap.name, rows)


def _fingerprint(rows: TapRows, name: str) -> bytes:
    some = sample(rows[name])[:64]
    return f"{rows[name].size} {some.dtype}".encode() + some.tobytes()


def _distance(own: TapRows, name: str, other: TapRows, place: str) -> float:
    """Relative distance of a tap of one side from a tap of the other; infinite where the sizes differ."""
    one, two = own[name].reshape(-1), other[place].reshape(-1)
    return relative_distance(one, two) if one.size == two.size else float("inf")


def _finding(phase: PhaseSides, role: str, aliases: list[_Alias]) -> Finding:
    first = aliases[0]
    evidence = (
        f"bit by bit; {first.shows} is right, {first.tap} is not"
        if first.exactly
        else "as the other side has them, and what is computed from them is right"
    )
    alike = f"; the same in {len(aliases) - 1} more layers" if len(aliases) > 1 else ""
    sentence = f"its values are those of {first.shows}, {evidence}: the capture is wrong, and no layer{alike}"
    cure = (
        "copy the tensor before the next kernel runs: mark a cast of it as the output (fp32 in a strongly typed "
        "network), or clone it in the hook"
    )
    if role == "reference" and phase.graph[first.shows].kind == "final_norm":
        sentence += "; hidden_states[-1] of transformers is taken behind the final norm"
        cure = "hook the last decoder layer instead of reading hidden_states[-1], as parity record reference does"
    taps = ", ".join(alias.tap for alias in aliases[:_LISTED]) + (" …" if len(aliases) > _LISTED else "")
    return Finding(_NAME, "error", f"{taps} of the {role}, phase {phase.name}", sentence, cure)


ALIASED_TAP = DumpCheck(_NAME, _find)
