"""Roles, causes and costs of whole runs: which tap is the source, which only passes an error on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numpy_decoder import Fault, RandomWeights, graph_of, make_reference, random_weights, run

from parity.answer import make_answer
from parity.compare_dumps import compare_dumps
from parity.comparison import Comparison, load_comparison, save_comparison
from parity.diagnose_dumps import diagnose_dumps, judge_roles_again
from parity.dump import Dump
from parity.errors import ParityError
from parity.limits import NoiseRule
from parity.record import record
from parity.replay import replay
from parity.replay.arrays import Floats
from parity.replay.ops import linear, rotary, silu
from parity.replay.replay import Reference
from parity.runner import RunnerInfo, Sink
from parity.taps import Tap, select_taps
from parity.tokens import Phase

REFERENCE = make_reference()
GRAPH = graph_of(REFERENCE)


@dataclass(frozen=True)
class GivenArrays:
    arrays: Mapping[str, npt.NDArray[Any]]
    dtype: str

    def describe(self) -> RunnerInfo:
        return RunnerInfo("numpy", "random", self.dtype, "w", GRAPH)

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        for tap in taps:
            sink(tap.name, self.arrays[tap.name])


def store(folder: Path, arrays: Mapping[str, npt.NDArray[Any]], dtype: str, role: str, taps: str = "all") -> Dump:
    phases = [Phase("prefill", REFERENCE.tokens)]
    return record(GivenArrays(arrays, dtype), phases, taps=select_taps(GRAPH, taps), role=role, out=folder / role)


def diagnosed(
    folder: Path,
    faults: Mapping[str, Fault],
    *,
    dtype: str = "float32",
    taps: str = "all",
    shown: Mapping[str, npt.NDArray[Any]] | None = None,
    weights: RandomWeights | None = None,
) -> Comparison:
    """A run of a candidate with `faults`, whose taps `shown` were captured wrongly, compared and diagnosed."""
    arrays = {**run(REFERENCE, dtype, seed=2, faults=faults), **(shown or {})}
    truth = store(folder, run(REFERENCE, "float64"), "float64", "reference", taps)
    floor = store(folder, run(REFERENCE, dtype, seed=1), dtype, "floor", taps)
    candidate = store(folder, arrays, dtype, "candidate", taps)
    comparison = compare_dumps(truth, candidate, floors=[floor])
    used = weights or REFERENCE.weights
    return diagnose_dumps(comparison, truth, candidate, weights=used, floors=[floor])


def roles(comparison: Comparison, role: str) -> list[str]:
    return [row.tap for row in comparison.rows if row.diagnosis and row.diagnosis.role == role]


def no_bias(tap: str) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        weight = reference.weights.parameters(tap).weight
        assert weight is not None
        return linear(inputs[0], weight)

    return fault


def gate_without_activation(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    return inputs[0] * inputs[1]


def shifted(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    return rotary(inputs[0], reference.tokens.positions + 3, reference.weights.settings.inverse_frequencies)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_clean_run_is_clean_everywhere(tmp_path: Path, dtype: str) -> None:
    comparison = diagnosed(tmp_path, {}, dtype=dtype)
    assert comparison.passed
    assert roles(comparison, "clean") == [row.tap for row in comparison.rows]
    assert comparison.logits is not None
    assert comparison.logits.decided_top1_agreement == 1


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_source_is_told_from_those_who_pass_its_error_on(tmp_path: Path, dtype: str) -> None:
    comparison = diagnosed(tmp_path, {"layers.0.k": no_bias("layers.0.k")}, dtype=dtype)
    assert roles(comparison, "source") == ["layers.0.k"]
    assert comparison.first_divergence == comparison.row("layers.0.k")
    heirs = set(roles(comparison, "carrier") + roles(comparison, "amplifier"))
    assert {"layers.0.k_rope", "layers.0.attn_ctx", "layers.1.resid_out"} <= heirs
    assert "layers.0.q" in roles(comparison, "clean")


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_two_faults_in_different_layers_are_both_named(tmp_path: Path, dtype: str) -> None:
    faults: dict[str, Fault] = {"layers.0.k": no_bias("layers.0.k"), "layers.1.act": gate_without_activation}
    comparison = diagnosed(tmp_path, faults, dtype=dtype)
    assert roles(comparison, "source") == ["layers.0.k", "layers.1.act"]


def test_a_source_has_its_cause_and_its_cost(tmp_path: Path) -> None:
    diagnosis = diagnosed(tmp_path, {"layers.0.k": no_bias("layers.0.k")}).row("layers.0.k").diagnosis
    assert diagnosis is not None
    assert diagnosis.causes[0].hypothesis == "bias_missing"
    assert diagnosis.cost is not None
    assert diagnosis.cost.local_error.mean_kl > 1e-6


def test_a_search_that_runs_out_of_memory_leaves_the_rest_of_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(*arguments: object, **more: object) -> None:
        raise MemoryError("172 GiB")

    monkeypatch.setattr("parity.diagnose.sources.explain", hungry)
    diagnosis = diagnosed(tmp_path, {"layers.0.k": no_bias("layers.0.k")}).row("layers.0.k").diagnosis
    assert diagnosis is not None
    assert diagnosis.role == "source"
    assert "ran out of memory (172 GiB)" in diagnosis.signature
    assert diagnosis.cost is not None


def test_a_rotation_of_both_sides_of_a_product_is_harmless(tmp_path: Path) -> None:
    faults: dict[str, Fault] = {f"layers.{i}.{tap}_rope": shifted for i in (0, 1) for tap in ("q", "k")}
    comparison = diagnosed(tmp_path, faults)
    assert {row.tap for row in comparison.rows if row.status == "harmless"} == set(faults)
    assert comparison.passed


def test_a_rotation_of_one_side_alone_is_not(tmp_path: Path) -> None:
    comparison = diagnosed(tmp_path, {"layers.0.k_rope": shifted})
    assert roles(comparison, "source") == ["layers.0.k_rope"]
    assert comparison.row("layers.0.k_rope").status == "mismatch"


def test_a_scale_that_the_next_norm_removes_is_harmless_only_there(tmp_path: Path) -> None:
    def scaled(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return 2 * replay(reference, GRAPH["final_norm"], inputs)

    comparison = diagnosed(tmp_path, {"final_norm": scaled})
    assert comparison.row("final_norm").status == "mismatch"


def test_a_capture_that_shows_a_later_tensor_is_no_fault_of_the_layer(tmp_path: Path) -> None:
    aliased = run(REFERENCE, "float32", seed=2)["layers.1.q_rope"]
    comparison = diagnosed(tmp_path, {}, shown={"layers.1.q": aliased})
    row = comparison.row("layers.1.q")
    assert row.status == "aliased"
    assert [failure.tap for failure in comparison.failures] == ["layers.1.q"]
    assert "layers.1.q_rope" in roles(comparison, "clean")


def test_a_capture_of_stale_memory_is_no_fault_of_the_layer(tmp_path: Path) -> None:
    stale = np.random.default_rng(5).standard_normal(run(REFERENCE, "float32", seed=2)["layers.1.act"].shape)
    comparison = diagnosed(tmp_path, {}, shown={"layers.1.act": stale.astype(np.float32)})
    row = comparison.row("layers.1.act")
    assert row.status == "aliased"
    assert "memory of something else" in row.reason
    assert [failure.tap for failure in comparison.failures] == ["layers.1.act"]
    assert comparison.row("layers.1.mlp_out").status == "match"
    assert "free run hides" not in comparison.row("layers.1.mlp_out").reason


def test_a_fault_between_captured_taps_belongs_to_the_next_captured_one(tmp_path: Path) -> None:
    comparison = diagnosed(tmp_path, {"layers.1.act": gate_without_activation}, taps="blocks")
    assert roles(comparison, "source") == ["layers.1.mlp_out"]


def test_an_error_that_the_free_run_hides_still_fails(tmp_path: Path) -> None:
    """A wrong norm undoes the scale that a wrong projection brought in: the total is right, two operations are not."""
    comparison = diagnosed(
        tmp_path,
        {
            "layers.1.gate": lambda reference, inputs: 1.05 * replay(reference, GRAPH["layers.1.gate"], inputs),
            "layers.1.act": lambda reference, inputs: silu(inputs[0] / 1.05) * inputs[1],
        },
    )
    assert comparison.row("layers.1.act").status == "mismatch"
    assert "although the free run hides it" in comparison.row("layers.1.act").reason


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="replay does not reproduce the truth at embed"):
        diagnosed(tmp_path, {}, weights=random_weights(seed=9))


def test_a_diagnosis_is_saved_with_the_comparison(tmp_path: Path) -> None:
    comparison = diagnosed(tmp_path, {"layers.0.k": no_bias("layers.0.k")})
    save_comparison(comparison, tmp_path / "comparison.json")
    assert load_comparison(tmp_path) == comparison


def test_local_and_inherited_add_up_to_at_least_the_whole(tmp_path: Path) -> None:
    comparison = diagnosed(tmp_path, {"layers.0.k": no_bias("layers.0.k")})
    for row in comparison.rows:
        assert row.errors is not None
        assert row.diagnosis is not None
        local = row.diagnosis.local
        bound = local.local_rel_l2 * (1 + local.inherited_rel_l2) + local.inherited_rel_l2
        assert row.errors.rel_l2 <= bound * 1.001 + 1e-15
    assert np.isfinite(comparison.rows[0].diagnosis.local.local_noise_ratio)  # type: ignore[union-attr]


def overflowing(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    return 1e5 * replay(reference, GRAPH["layers.0.mlp_out"], inputs)


def test_an_overflow_has_its_source_and_its_cause(tmp_path: Path) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        comparison = diagnosed(tmp_path, {"layers.0.mlp_out": overflowing}, dtype="float16")
    row = comparison.row("layers.0.mlp_out")
    assert row.status == "not finite"
    assert roles(comparison, "source") == ["layers.0.mlp_out"]
    assert row.diagnosis is not None
    assert "NaN or infinite where the reference's operation, on the candidate's own inputs, is" in row.diagnosis.reason
    assert [cause.hypothesis for cause in row.diagnosis.causes] == ["overflowed"]
    assert "values overflow" in row.diagnosis.causes[0].sentence
    assert row.diagnosis.cost is None
    heir = comparison.row("layers.0.resid_out").diagnosis
    assert heir is not None
    assert heir.role == "carrier"
    assert heir.reason.startswith("what came in is NaN or infinite")
    assert comparison.logits is None


def test_judging_by_other_limits_keeps_what_is_still_true(tmp_path: Path) -> None:
    faults: dict[str, Fault] = {"layers.0.k": no_bias("layers.0.k"), "layers.1.act": gate_without_activation}
    before = diagnosed(tmp_path, faults)
    truth, candidate, floor = (Dump.open(tmp_path / name) for name in ("reference", "candidate", "floor"))
    rules = [NoiseRule("layers.0.*", 1e9, 1e9, "asked for"), NoiseRule("layers.1.q", 1e-3, 1e-3, "asked for")]
    again = compare_dumps(truth, candidate, floors=[floor], limits=before.limits.with_rules(*rules))
    after = judge_roles_again(again, before, truth, candidate)
    assert roles(after, "source") == ["layers.1.q", "layers.1.act"]
    assert after.row("layers.1.act").diagnosis == before.row("layers.1.act").diagnosis
    assert after.row("layers.0.k").status == "rounding"
    new = after.row("layers.1.q").diagnosis
    assert new is not None
    assert new.signature.startswith("causes were not looked for")
    assert after.logits == before.logits
    same = judge_roles_again(
        compare_dumps(truth, candidate, floors=[floor], limits=before.limits), before, truth, candidate
    )
    assert same.rows == before.rows


def with_frequencies(factor: float) -> RandomWeights:
    """The reference's weights with one frequency off by `factor`."""
    weights = random_weights()
    frequencies = weights.settings.inverse_frequencies.copy()
    frequencies[1] *= np.float32(factor)
    return RandomWeights(replace(weights.settings, inverse_frequencies=frequencies), weights.tensors)


def test_frequencies_that_pytorch_rounded_otherwise_are_no_other_weights(tmp_path: Path) -> None:
    comparison = diagnosed(tmp_path, {}, weights=with_frequencies(1 + 2.0**-23))
    assert all(row.diagnosis is not None for row in comparison.rows)


def test_other_frequencies_are_other_weights(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match=r"does not reproduce the truth at layers\.0\.q_rope"):
        diagnosed(tmp_path, {}, weights=with_frequencies(1.001))


def test_a_cause_that_leaves_more_than_rounding_gets_the_signature_beside_it(tmp_path: Path) -> None:
    """A factor with noise on it: the factor explains nearly all of it, and what is left is no rounding."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        right = replay(reference, GRAPH["layers.0.up"], inputs)
        noise = np.random.default_rng(3).standard_normal(right.shape)
        return 3 * right * (1 + 0.02 * noise)

    diagnosis = diagnosed(tmp_path, {"layers.0.up": fault}).row("layers.0.up").diagnosis
    assert diagnosis is not None
    assert diagnosis.causes[0].explained_share > 0.99
    assert "The residual is" in diagnosis.signature


def test_a_tap_that_the_floor_does_not_measure_is_not_taken_apart(tmp_path: Path) -> None:
    """Without a noise of its own, an operation that rounds twice would be called wrong."""
    noise = run(REFERENCE, "float16", seed=1)
    noise["layers.0.act"] = np.full_like(noise["layers.0.act"], np.inf)
    truth = store(tmp_path, run(REFERENCE, "float64"), "float64", "reference")
    floor = store(tmp_path, noise, "float16", "floor")
    candidate = store(tmp_path, run(REFERENCE, "float16", seed=2), "float16", "candidate")
    compared = compare_dumps(truth, candidate, floors=[floor])
    comparison = diagnose_dumps(compared, truth, candidate, weights=REFERENCE.weights, floors=[floor])
    undiagnosed = [row.tap for row in comparison.rows if row.diagnosis is None]
    assert undiagnosed == ["layers.0.act", "layers.0.mlp_out"]  # and what reads it, which has no noise either
    assert roles(comparison, "source") == []
    assert "The floor run holds no finite values of layers.0.act" in make_answer(comparison).coverage
