"""Spreading taps over real engines, whose fusions hang on what is marked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from exported_network import ROOTS, open_exported_network
from small_phases import random_phase

from parity.observer import ProbeSets, SpreadRunner, find_probe_sets
from parity.record import record
from parity.runner import ENGINES_FLAG, PROBE_SETS_FLAG, Runner, RunnerInfo, Sink
from parity.taps import Tap
from parity.tokens import Phase

PHASE = random_phase(30, 12)

Logits = npt.NDArray[np.float32]


def test_taps_that_stop_a_fusion_are_found_and_all_others_share_one_faithful_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = open_exported_network(tmp_path, monkeypatch)
    graph = runner.describe().graph
    logits = graph["logits"]
    taps = [tap for tap in graph if not tap.on_request and tap.name != "logits"]

    def capture(marked: Sequence[Tap]) -> Logits:
        found: dict[str, Logits] = {}
        runner.capture(PHASE, [*marked, logits], found.__setitem__)
        return found["logits"][PHASE.tokens.mask]

    bare = capture([])
    assert not np.array_equal(capture(taps), bare)
    sets = find_probe_sets(taps, capture=capture, is_faithful=lambda found: np.array_equal(found, bare))
    assert {tap.name for tap in sets.never} == set(ROOTS)
    assert [len(found) for found in sets.sets] == [len(taps) - len(ROOTS)]
    assert sets.builds <= 12

    spread = SpreadRunner(runner, sets)
    dump = record(spread, [PHASE], taps=[*taps, logits], role="candidate", out=tmp_path / "dump")
    assert dump.manifest.runner.flags[PROBE_SETS_FLAG] == "1"
    assert set(dump.manifest.runner.not_observable) == set(ROOTS)
    phase = dump.phase("prefill")
    assert set(phase.arrays) == {tap.name for tap in (*taps, logits)} - set(ROOTS)
    assert np.array_equal(phase.arrays["logits"][PHASE.tokens.mask], bare)


def test_spread_taps_come_from_engines_of_their_own_and_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = open_exported_network(tmp_path, monkeypatch)
    graph = runner.describe().graph
    wanted = [graph[name] for name in ("embed", "layers.0.q", "layers.1.act", "final_norm", "logits")]
    engines: list[tuple[str, ...]] = []
    original = runner.capture

    def counted(phase: object, taps: Sequence[Tap], sink: object) -> None:
        engines.append(tuple(tap.name for tap in taps))
        original(phase, taps, sink)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "capture", counted)
    sets = find_probe_sets(wanted[:-1], capture=lambda taps: len(taps), is_faithful=lambda size: size <= 2)
    assert len(sets.sets) == 2
    spread = SpreadRunner(runner, sets)
    dump = record(spread, [PHASE], taps=wanted, role="candidate", out=tmp_path / "dump")
    assert engines == [("embed", "layers.0.q", "logits"), ("layers.1.act", "final_norm", "logits")]
    assert dump.manifest.runner.flags[PROBE_SETS_FLAG] == "2"
    assert dump.manifest.runner.flags[ENGINES_FLAG] == "2"
    assert set(dump.phase("prefill").arrays) == {tap.name for tap in wanted}


class OneEngineForEachTap:
    """Short of memory: no two taps fit into one engine."""

    def __init__(self, runner: Runner) -> None:
        self._runner, self._engines = runner, 0

    def describe(self) -> RunnerInfo:
        return self._runner.describe()

    def engines(self) -> int:
        return self._engines

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        self._engines = len(taps)
        self._runner.capture(phase, taps, sink)


def test_sets_that_memory_splits_again_are_counted_as_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = OneEngineForEachTap(open_exported_network(tmp_path, monkeypatch))
    graph = runner.describe().graph
    sets = ProbeSets(((graph["embed"], graph["layers.0.q"]), (graph["final_norm"],)), (), (), 2)
    wanted = [*sets.sets[0], *sets.sets[1], graph["logits"]]
    dump = record(SpreadRunner(runner, sets), [PHASE], taps=wanted, role="candidate", out=tmp_path / "dump")
    flags = dump.manifest.runner.flags
    assert (flags[PROBE_SETS_FLAG], flags[ENGINES_FLAG]) == ("2", "5")  # each set has the logits beside its taps
