"""From dumps to the observer effect of a comparison."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from parity.comparison import Comparison, TapResult
from parity.dump import Dump
from parity.errors import ParityError
from parity.limits import Limits
from parity.observer.grade import OBSERVER_RULES, grade
from parity.observer.layers import compare_layers
from parity.observer.logits import LogitsJudge
from parity.observer.words import cure, meaning
from parity.observer_effect import OBSERVER_GRADES, JudgedLogits, ObservedPhase, ObserverEffect
from parity.runner import ENGINES_FLAG, PROBE_SETS_FLAG, RunnerInfo
from parity.verdict import judge

__all__ = ["LOGITS", "judge_logits_of", "observe", "observe_phase"]

LOGITS = "logits"
"""The tap that an engine without taps puts out."""

_SAME = ("name", "dtype", "weights_digest", "versions")


def observe(
    comparison: Comparison,
    reference: Dump,
    candidate: Dump,
    floors: Sequence[Dump],
    unprobed: Dump,
    rebuilt: Dump | None = None,
) -> Comparison:
    """Add to `comparison` what marking taps changes in the candidate.

    Args:
        comparison: of `reference`, `candidate` and `floors`.
        reference: the truth.
        candidate: what was judged, recorded with its taps.
        floors: as for `compare_dumps`.
        unprobed: the same candidate, recorded with nothing but logits.
        rebuilt: likewise, with its engine built in another way, to show how much a rebuild changes; None where that
            was not measured.

    Raises:
        ParityError: a dump holds no logits or other tokens, `unprobed` holds more than logits, or is not the same
            candidate.
    """
    _require_unprobed(candidate, unprobed)
    _require_same(candidate.manifest.runner, unprobed, settings=True)
    if rebuilt is not None:
        _require_same(candidate.manifest.runner, rebuilt, settings=False)
    dumps = (reference, candidate, unprobed, *floors, *([rebuilt] if rebuilt else []))
    for dump in dumps:
        _require_logits(reference, dump)
    phases = tuple(_observed(comparison, reference, candidate, floors, unprobed, rebuilt))
    return replace(comparison, observer=_effect(phases, candidate, unprobed, rebuilt))


def observe_phase(
    judge_of: LogitsJudge,
    probed: npt.NDArray[Any],
    unprobed: npt.NDArray[Any],
    rebuilt: npt.NDArray[Any] | None = None,
    *,
    judged: JudgedLogits | None = None,
) -> ObservedPhase:
    """Grade one phase.

    Args:
        judge_of: what logits are judged by.
        probed: logits of the engine with taps, axes of the tap.
        unprobed: those of the engine without.
        rebuilt: those of the engine without, built in another way; None where that was not measured.
        judged: `probed` against the truth, where that is known already.
    """
    ours, theirs = judged or judge_of.judge(probed), judge_of.judge(unprobed)
    distance = judge_of.distance(probed, unprobed)
    again, again_distance = None, None
    if rebuilt is not None:
        again, again_distance = judge_of.judge(rebuilt), judge_of.distance(rebuilt, unprobed)
    found, reason = grade(ours, theirs, distance, rebuilt=again, rebuild_distance=again_distance)
    return ObservedPhase(judge_of.phase, ours, theirs, distance, again, again_distance, found, reason)


def judge_logits_of(phase: str, reference: Dump, floors: Sequence[Dump], *, dtype: str, limits: Limits) -> LogitsJudge:
    """What the logits of a phase are judged by.

    Args:
        phase: its name.
        reference: the truth.
        floors: as for `compare_dumps`.
        dtype: what the engine computes in, numpy's name.
        limits: of the comparison.
    """
    truth = reference.phase(phase)
    return LogitsJudge(
        phase=phase,
        tap=reference.manifest.runner.graph[LOGITS],
        tokens=truth.tokens,
        truth=truth.arrays[LOGITS],
        floors=[floor.phase(phase).arrays[LOGITS] for floor in floors],
        dtype=dtype,
        limits=limits,
    )


def _observed(
    comparison: Comparison,
    reference: Dump,
    candidate: Dump,
    floors: Sequence[Dump],
    unprobed: Dump,
    rebuilt: Dump | None,
) -> Iterator[ObservedPhase]:
    for record in reference.manifest.phases:
        name = record.name
        yield observe_phase(
            judge_logits_of(name, reference, floors, dtype=candidate.manifest.runner.dtype, limits=comparison.limits),
            candidate.phase(name).arrays[LOGITS],
            unprobed.phase(name).arrays[LOGITS],
            None if rebuilt is None else rebuilt.phase(name).arrays[LOGITS],
            judged=_judged(comparison, comparison.row(LOGITS, phase=name)),
        )


def _judged(comparison: Comparison, row: TapResult) -> JudgedLogits:
    """The row's numbers, judged by them alone: a diagnosis may have added to its status what it found elsewhere."""
    status = row.status
    if row.errors is not None:
        status = judge(row.errors, row.noise, row.limits, dtype=comparison.candidate.dtype).status
    return JudgedLogits(status, replace(row, status=status).fails(strict=comparison.limits.strict), row.noise)


def _effect(phases: tuple[ObservedPhase, ...], candidate: Dump, unprobed: Dump, rebuilt: Dump | None) -> ObserverEffect:
    grades = list(OBSERVER_GRADES)
    worst = max(phases, key=lambda phase: grades.index(phase.grade))
    info, bare = candidate.manifest.runner, unprobed.manifest.runner
    taps = max(len(phase.taps) for phase in candidate.manifest.phases)
    sets = int(info.flags.get(PROBE_SETS_FLAG, "1"))
    rebuilt_by = _changed(bare, rebuilt.manifest.runner) if rebuilt else ""
    return ObserverEffect(
        grade=worst.grade,
        sentence=meaning(worst, taps=taps, rebuilt_by=rebuilt_by),
        cure=cure(worst, probe_sets=sets),
        phases=phases,
        rules=OBSERVER_RULES,
        layers=compare_layers(info.layers, bare.layers),
        taps=taps,
        probe_sets=sets,
        unprobed_dump=_beside(unprobed, candidate),
        rebuilt_dump=_beside(rebuilt, candidate) if rebuilt else "",
        rebuilt_by=rebuilt_by,
    )


def _changed(before: RunnerInfo, after: RunnerInfo) -> str:
    """Which settings differ: ``tactics 1 instead of 0``."""
    names = [name for name in after.flags if after.flags[name] != before.flags.get(name)]
    changes = [f"{name} {after.flags[name]} instead of {before.flags.get(name, 'none')}" for name in names]
    return ", ".join(changes) or "the same settings"


def _beside(dump: Dump, candidate: Dump) -> str:
    return os.path.relpath(dump.path, candidate.path.parent)


def _require_unprobed(candidate: Dump, unprobed: Dump) -> None:
    marked = {tap.name for phase in unprobed.manifest.phases for tap in phase.taps} - {LOGITS}
    if marked:
        raise ParityError(
            f"{unprobed.path}: was recorded with {len(marked)} taps beside logits, so it shows no engine without taps",
            cure=f"record it with --taps {LOGITS}",
        )


def _require_same(info: RunnerInfo, other: Dump, *, settings: bool) -> None:
    theirs = other.manifest.runner
    wrong = [name for name in _SAME if getattr(theirs, name) != getattr(info, name)]
    if settings and _settings(theirs) != _settings(info):
        wrong.append("settings")
    if wrong:
        raise ParityError(
            f"{other.path}: is not the candidate without its taps; it differs in {', '.join(wrong)}",
            cure="record both again, with one command",
        )


def _settings(info: RunnerInfo) -> dict[str, str]:
    spread = (PROBE_SETS_FLAG, ENGINES_FLAG)
    return {name: value for name, value in info.flags.items() if name not in spread}


def _require_logits(reference: Dump, dump: Dump) -> None:
    expected = {phase.name: phase.tokens_digest for phase in reference.manifest.phases}
    found = {phase.name: phase.tokens_digest for phase in dump.manifest.phases}
    if found != expected:
        raise ParityError(f"{dump.path}: was recorded on other tokens than {reference.path}", cure="record it again")
    for phase in dump.manifest.phases:
        if LOGITS not in {tap.name for tap in phase.taps}:
            raise ParityError(
                f"{dump.path}: holds no {LOGITS} of phase {phase.name!r}, which engines are compared by",
                cure=f"record it again, with {LOGITS} among its --taps",
            )
