"""Taps whose capture shows a later tensor: a kernel wrote in place before the tensor was copied.

The tap is far from the other side's, the tensor it shows is right, so nothing computed from it is wrong. A layer at
fault looks the other way round: there the *later* tensor of two equal ones is wrong, as where an operation was left
out. Where the engine can't give the later tensor, the reference's stands for it, and the next tap that was captured
has to be right. Hugging Face's ``hidden_states[-1]``, taken behind the final norm, is the reference's own case of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parity.finding import Finding
from parity.preflight.check import DumpCheck
from parity.preflight.sides import DumpSides, PhaseSides, TapRows
from parity.preflight.values import relative_distance, same_values, sample
from parity.taps import TapGraph

__all__ = ["ALIASED_TAP"]

_NAME = "aliased_tap"

_WRONG = 0.05
_RIGHT = 0.1
"""The shown tensor's distance from the other side's, in units of the tap's own, up to which it counts as right."""


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
            for alias in (*_twins(phase, own, other), *_unseen(phase, own, other)):
                yield _finding(phase, role, alias)


def _twins(phase: PhaseSides, own: TapRows, other: TapRows) -> Iterator[_Alias]:
    """Taps with the values of a later one of the same side; each is compared with the next that has them."""
    seen: dict[bytes, list[str]] = {}
    for name in (tap.name for tap in phase.graph if tap.name in own):
        alike = seen.setdefault(_fingerprint(own, name), [])
        twin = next((earlier for earlier in reversed(alike) if same_values(own[earlier], own[name])), None)
        alike.append(name)
        if twin is not None and twin in other and name in other:
            off, aside = (_distance(own, place, other, place) for place in (twin, name))
            if off > _WRONG and aside <= _RIGHT * off:
                yield _Alias(twin, name, exactly=True)


def _unseen(phase: PhaseSides, own: TapRows, other: TapRows) -> Iterator[_Alias]:
    """Taps with the values of a later one that this side could not give."""
    for later in (tap for tap in phase.graph if tap.name in other and tap.name not in own):
        for name in (name for name in later.inputs if name in own and name in other):
            off = _distance(own, name, other, name)
            if off <= _WRONG or _distance(own, name, other, later.name) > _RIGHT * off:
                continue
            readers = [r for r in _captured_readers(phase.graph, later.name, own) if r in other]
            if readers and all(_distance(own, reader, other, reader) <= _RIGHT * off for reader in readers):
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


def _finding(phase: PhaseSides, role: str, alias: _Alias) -> Finding:
    evidence = (
        f"bit by bit; {alias.shows} is right, {alias.tap} is not"
        if alias.exactly
        else "as the other side has them, and what is computed from them is right"
    )
    sentence = f"its values are those of {alias.shows}, {evidence}: the capture is wrong, and no layer"
    cure = (
        "copy the tensor before the next kernel runs: mark a cast of it as the output (fp32 in a strongly typed "
        "network), or clone it in the hook"
    )
    if role == "reference" and phase.graph[alias.shows].kind == "final_norm":
        sentence += "; hidden_states[-1] of transformers is taken behind the final norm"
        cure = "hook the last decoder layer instead of reading hidden_states[-1], as parity record reference does"
    return Finding(_NAME, "error", f"{alias.tap} of the {role}, phase {phase.name}", sentence, cure)


ALIASED_TAP = DumpCheck(_NAME, _find)
