"""Over how many engines taps were split: only a capture tells, and the comparison of the dump still knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from given_dumps import GivenSide, store_side
from small_phases import random_phase

from parity.compare_dumps import compare_dumps
from parity.comparison import Comparison, Side, load_comparison, save_comparison
from parity.dump import Dump
from parity.record import record
from parity.runner import ENGINES_FLAG, RunnerInfo, Sink
from parity.taps import DecoderShape, Tap, decoder_taps
from parity.tokens import Phase

GRAPH = decoder_taps(DecoderShape(1, 16, 4, 2, 4, 24, 11))
TAPS = (GRAPH["embed"], GRAPH["logits"])
PREFILL = random_phase(5, 2, vocabulary=11)
PHASES = (PREFILL, Phase("decode.0", PREFILL.tokens))


class SplittingSide:
    """Splits the taps of each phase over as many engines as it is told, as an engine short of memory does."""

    def __init__(self, engines: Mapping[str, int]) -> None:
        self._planned = engines
        self._engines = 0

    def describe(self) -> RunnerInfo:
        return RunnerInfo("splitting", "made here", "float32", "w", GRAPH, flags={"device": "made here"})

    def engines(self) -> int:
        return self._engines

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        self._engines = self._planned[phase.name]
        for tap in taps:
            sink(tap.name, np.ones((2, 5, tap.sizes[-1] or 1), np.float32))


def recorded(folder: Path, **engines: int) -> Dump:
    planned = dict(zip(("prefill", "decode.0"), engines.values(), strict=True))
    return record(SplittingSide(planned), PHASES, taps=TAPS, role="candidate", out=folder / "candidate")


def compared(folder: Path, candidate: Dump) -> Comparison:
    """As it is read again from its file."""
    truth = record(SplittingSide({"prefill": 1, "decode.0": 1}), PHASES, taps=TAPS, role="reference", out=folder / "r")
    save_comparison(compare_dumps(truth, candidate), folder / "run")
    return load_comparison(folder / "run")


def test_a_comparison_says_over_how_many_engines_taps_were_split(tmp_path: Path) -> None:
    comparison = compared(tmp_path, recorded(tmp_path, prefill=3, decode=3))
    assert comparison.candidate.engines == 3
    assert comparison.reference.engines == 1


def test_a_later_phase_that_one_engine_sufficed_for_does_not_hide_an_earlier_one(tmp_path: Path) -> None:
    assert compared(tmp_path, recorded(tmp_path, prefill=3, decode=1)).candidate.engines == 3


def test_nothing_is_said_of_one_engine(tmp_path: Path) -> None:
    dump = recorded(tmp_path, prefill=1, decode=1)
    assert dump.manifest.runner.flags == {"device": "made here"}
    assert compared(tmp_path, dump).candidate.engines == 1


def test_a_dump_without_the_fact_opens_and_counts_as_one_engine(tmp_path: Path) -> None:
    arrays = {tap.name: np.ones((2, 5, tap.sizes[-1] or 1)) for tap in TAPS}
    lost = [tap.name for tap in GRAPH if tap not in TAPS]
    side = GivenSide("mine", "float32", GRAPH, {phase.name: arrays for phase in PHASES})
    dump = store_side(tmp_path, side, "candidate", {phase.name: phase.tokens for phase in PHASES}, lost=lost)
    assert compared(tmp_path, dump).candidate.engines == 1


@pytest.mark.parametrize("words", ["two", "", "²", "-1"])
def test_a_setting_of_that_name_which_is_no_number_is_a_setting_of_somebody_else(words: str) -> None:
    assert Side("candidate", "mine", "made here", "float16", "w", flags={ENGINES_FLAG: words}).engines == 1
