"""The observer effect of recorded runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from parity.compare_dumps import compare_dumps
from parity.comparison import Comparison, load_comparison, save_comparison
from parity.dump import Dump
from parity.errors import ParityError
from parity.limits import default_limits
from parity.observer import observe
from parity.observer_effect import OBSERVER_GRADES
from parity.record import record
from parity.runner import ENGINES_FLAG, PROBE_SETS_FLAG, EngineLayer, RunnerInfo, Sink
from parity.taps import Tap, TapGraph
from parity.tokens import Phase, TokenBatch

_AXES = ("batch", "token", "channel")
GRAPH = TapGraph(
    (
        Tap("final_norm", "rms_norm", (), _AXES, (None, None, 8)),
        Tap("logits", "linear", ("final_norm",), _AXES, (None, None, 64)),
    )
)
TOKENS = TokenBatch.from_sequences([range(1, 30), range(3, 12)])
PHASES = (Phase("prefill", TOKENS), Phase("decode.0", TOKENS))
UNIT = 2.0**-11

Array = npt.NDArray[Any]


@dataclass
class Side:
    """A side whose logits are off by `noise` fp16 roundings, drawn from `seed`, and by `bias` in one phase."""

    seed: int
    noise: float = 1.0
    dtype: str = "float16"
    bias: float = 0.0
    biased: str = "prefill"
    broken: str = ""
    digest: str = "w"
    flags: Mapping[str, str] = field(default_factory=dict)
    layers_: tuple[EngineLayer, ...] = ()

    def describe(self) -> RunnerInfo:
        return RunnerInfo("made", "made", self.dtype, self.digest, GRAPH, flags=self.flags, layers=self.layers_)

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        for tap in taps:
            sink(tap.name, self.array(tap, phase.name))

    def array(self, tap: Tap, phase: str) -> Array:
        truth = np.random.default_rng(len(tap.name)).normal(size=(*TOKENS.ids.shape, tap.sizes[-1]))
        if self.dtype == "float64":
            return truth
        rng = np.random.default_rng(self.seed)
        off = self.noise * UNIT * rng.normal(size=truth.shape)
        off += (self.bias if phase == self.biased else 0.0) * UNIT * np.sign(truth)
        values = truth + off * np.linalg.norm(truth, axis=-1, keepdims=True) / truth.shape[-1] ** 0.5
        if self.broken == phase:
            values[0, 3, 5] = np.inf
        return values.astype(np.float32)


@dataclass
class Made:
    folder: Path

    def dump(self, name: str, side: Side, *, taps: tuple[Tap, ...] = GRAPH.taps) -> Dump:
        return record(side, PHASES, taps=taps, role="candidate", out=self.folder / name)

    def observe(
        self, candidate: Side, unprobed: Side, rebuilt: Side | None = None, *, floor: bool = True
    ) -> Comparison:
        truth = self.dump("reference", Side(0, dtype="float64"))
        floors = [self.dump("floor", Side(1))] if floor else []
        judged, logits = self.dump("candidate", candidate), (GRAPH["logits"],)
        bare = self.dump("candidate-unprobed", unprobed, taps=logits)
        again = self.dump("candidate-rebuilt", rebuilt, taps=logits) if rebuilt else None
        comparison = compare_dumps(truth, judged, floors=floors, relative_to=self.folder)
        return observe(comparison, truth, judged, floors, bare, again)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def test_engines_that_round_independently_are_faithful_in_every_phase(made: Made) -> None:
    comparison = made.observe(Side(2), Side(3))
    effect = comparison.observer
    assert effect is not None
    assert (effect.grade, [phase.phase for phase in effect.phases]) == ("faithful", ["prefill", "decode.0"])
    assert "What they show holds for the engine without." in effect.sentence
    distance = effect.worst.distance
    assert distance is not None
    assert distance.noise is not None
    assert distance.noise.noise_ratio == pytest.approx(2**0.5, rel=0.1)
    assert (effect.taps, effect.probe_sets, effect.layers) == (2, 1, None)
    assert comparison.passed


def test_the_worst_phase_decides(made: Made) -> None:
    comparison = made.observe(Side(2), Side(3, bias=4, biased="decode.0"))
    effect = comparison.observer
    assert effect is not None
    assert [phase.grade for phase in effect.phases] == ["faithful", "hides the bug"]
    assert (effect.grade, effect.worst.phase, effect.fails) == ("hides the bug", "decode.0", True)
    assert not comparison.passed
    assert not comparison.failures


def test_an_overflow_that_marking_removes_is_a_hidden_bug(made: Made) -> None:
    effect = made.observe(Side(2), Side(2, broken="prefill")).observer
    assert effect is not None
    assert effect.grade == "hides the bug"
    assert effect.phases[0].unprobed.status == "not finite"
    assert effect.phases[0].distance is None


def test_an_error_of_the_probes_own_making_fails_the_rows_and_is_said_to_be_theirs(made: Made) -> None:
    comparison = made.observe(Side(2, bias=4), Side(3))
    effect = comparison.observer
    assert effect is not None
    assert effect.grade == "perturbing"
    assert "makes an error that the engine without them has not" in effect.sentence
    assert comparison.failures


def test_a_bug_that_both_have_alike_is_shown_faithfully(made: Made) -> None:
    effect = made.observe(Side(2, bias=9, biased="prefill"), Side(3, bias=9)).observer
    assert effect is not None
    assert effect.grade == "faithful"


def test_a_rebuild_excuses_what_it_does_too(made: Made) -> None:
    noisy, bare = Side(2, noise=1.8), Side(3, noise=0.4)
    alone = made.observe(noisy, bare).observer
    assert alone is not None
    assert alone.grade == "perturbing"
    assert "--rebuild-noise" in alone.cure
    beside = made.observe(noisy, bare, Side(4, noise=1.7, flags={"tactics": "1"})).observer
    assert beside is not None
    assert (beside.grade, beside.rebuilt_by) == ("faithful", "tactics 1 instead of none")
    assert "Built again with tactics 1 instead of none, it moves by" in beside.sentence


def test_a_rebuild_beyond_the_limits_is_said(made: Made) -> None:
    effect = made.observe(Side(2), Side(3), Side(4, bias=4, flags={"tactics": "1"})).observer
    assert effect is not None
    assert "it is beyond the limits" in effect.sentence
    assert "the verdict depends on the build" in effect.sentence


@pytest.mark.parametrize(("noise", "expected"), [(0.5, "faithful"), (2.0, "perturbing")])
def test_without_a_floor_the_flag_decides(made: Made, noise: float, expected: str) -> None:
    """Each engine is within a thousandth of the truth; the noisy ones are farther from one another."""
    comparison = made.observe(Side(2, noise=noise), Side(3, noise=noise), floor=False)
    assert not any(row.flagged for row in comparison.rows)
    effect = comparison.observer
    assert effect is not None
    assert effect.grade == expected
    assert "no noise floor" in effect.worst.reason


def test_a_diagnosis_of_the_logits_is_no_fault_of_the_engine_without_taps(made: Made) -> None:
    comparison = made.observe(Side(2), Side(3))
    rows = tuple(replace(row, status="mismatch") if row.tap == "logits" else row for row in comparison.rows)
    dumps = [Dump.open(made.folder / name) for name in ("reference", "candidate", "floor", "candidate-unprobed")]
    again = observe(replace(comparison, rows=rows), dumps[0], dumps[1], dumps[2:3], dumps[3]).observer
    assert again is not None
    assert again.grade == "faithful"


def test_it_is_kept_in_comparison_json(made: Made) -> None:
    layer = EngineLayer("a", "k", ("x fp16",))
    comparison = made.observe(Side(2, layers_=(layer,)), Side(3, layers_=(layer,)), Side(4, flags={"tactics": "1"}))
    assert comparison.observer is not None
    assert comparison.observer.layers is not None
    assert comparison.observer.grade in OBSERVER_GRADES
    save_comparison(comparison, made.folder / "comparison.json")
    assert load_comparison(made.folder) == comparison


@pytest.mark.parametrize(
    ("unprobed", "differs"),
    [
        (Side(3, digest="other"), "weights_digest"),
        (Side(3, dtype="float32"), "dtype"),
        (Side(3, flags={"level": "0"}), "settings"),
    ],
)
def test_another_candidate_is_refused(made: Made, unprobed: Side, differs: str) -> None:
    with pytest.raises(ParityError, match=f"differs in .*{differs}"):
        made.observe(Side(2), unprobed)


@pytest.mark.parametrize("flag", [ENGINES_FLAG, PROBE_SETS_FLAG])
def test_taps_of_several_engines_are_held_to_the_one_engine_without(made: Made, flag: str) -> None:
    effect = made.observe(Side(2, flags={flag: "3"}), Side(3)).observer
    assert effect is not None
    assert effect.grade == "faithful"


def test_an_engine_with_taps_is_refused(made: Made) -> None:
    made.observe(Side(2), Side(3))
    names = ("reference", "candidate", "floor", "candidate")
    truth, candidate, floor, unprobed = (Dump.open(made.folder / name) for name in names)
    comparison = compare_dumps(truth, candidate, floors=[floor])
    with pytest.raises(ParityError, match="1 taps beside logits") as caught:
        observe(comparison, truth, candidate, [floor], unprobed)
    assert caught.value.cure == "record it with --taps logits"


def test_dumps_without_logits_or_of_other_tokens_are_refused(made: Made) -> None:
    made.observe(Side(2), Side(3))
    truth, floor, unprobed = (Dump.open(made.folder / name) for name in ("reference", "floor", "candidate-unprobed"))
    norm = made.dump("norm", Side(2), taps=GRAPH.taps[:1])
    comparison = compare_dumps(truth, norm, floors=[floor], limits=default_limits("float16"))
    with pytest.raises(ParityError, match="holds no logits of phase 'prefill'"):
        observe(comparison, truth, norm, [floor], unprobed)
    shorter = record(Side(3), PHASES[:1], taps=GRAPH.taps[1:], role="candidate", out=made.folder / "shorter")
    with pytest.raises(ParityError, match="on other tokens"):
        observe(comparison, truth, Dump.open(made.folder / "candidate"), [floor], shorter)
