"""Dumps that are copies of each other, or of another step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from given_dumps import GivenSide, store_side
from numpy_decoder import graph_of, make_reference, run
from preflight_sides import REFERENCE, TRUTH, Arrays, Sides

from parity.finding import Finding
from parity.preflight import preflight_dumps


def floor_arrays(dtype: str) -> Arrays:
    return run(REFERENCE, dtype, seed=1)


def test_a_candidate_that_is_the_floor_is_a_copy(tmp_path: Path) -> None:
    (finding,) = Sides(candidate=lambda _: floor_arrays("float16")).findings(tmp_path)
    assert (finding.check, finding.severity) == ("copied_side", "error")
    assert "the same values as the floor's, bit by bit" in finding.sentence
    assert "run by onnxruntime in float16, the other by transformers in float16: it is a copy" in finding.sentence


def test_a_candidate_that_is_the_truth_in_another_dtype_is_a_copy(tmp_path: Path) -> None:
    sides = Sides(candidate=lambda _: dict(TRUTH), dtype="float32", claims={"candidate": "float64"})
    assert [finding.check for finding in sides.findings(tmp_path)] == ["copied_side"]


def test_the_floor_as_the_candidate_compares_an_implementation_with_itself(tmp_path: Path) -> None:
    (finding,) = Sides(candidate=lambda _: floor_arrays("float16"), runner="transformers").findings(tmp_path)
    assert (finding.check, finding.severity) == ("copied_side", "warning")


def test_equal_taps_are_no_copy_as_long_as_one_differs(tmp_path: Path) -> None:
    def nearly(_: Arrays) -> Arrays:
        arrays = floor_arrays("float16")
        return arrays | {"logits": np.nextafter(arrays["logits"], np.float16(np.inf))}

    assert Sides(candidate=nearly).findings(tmp_path) == ()


STEPS = {"prefill": make_reference(lengths=(12, 9)), "decode.0": make_reference(lengths=(1, 1), seed=1)}
GRAPH = graph_of(STEPS["prefill"])


def steps(dtype: str, seed: int) -> dict[str, Arrays]:
    """Both phases; the second sees no past, which preflight can't know."""
    return {name: run(reference, dtype, seed=seed) for name, reference in STEPS.items()}


def step_findings(folder: Path, truth: dict[str, Arrays], candidate: dict[str, Arrays]) -> tuple[Finding, ...]:
    tokens = {name: reference.tokens for name, reference in STEPS.items()}
    reference = store_side(folder, GivenSide("transformers", "float64", GRAPH, truth), "reference", tokens)
    judged = store_side(folder, GivenSide("onnxruntime", "float16", GRAPH, candidate), "candidate", tokens)
    return preflight_dumps(reference, judged)


def last_rows(arrays: Arrays, name: str) -> np.ndarray:
    """A tap at the last token of each prompt of the prefill, shaped as a step of one token."""
    return np.stack([arrays[name][0, 11:12], arrays[name][1, 8:9]])


def test_sound_steps_have_no_finding(tmp_path: Path) -> None:
    assert step_findings(tmp_path, steps("float64", 0), steps("float16", 2)) == ()


@pytest.mark.parametrize("role", ["candidate", "reference"])
def test_a_tap_that_kept_the_step_before_is_stale(role: str, tmp_path: Path) -> None:
    truth, candidate = steps("float64", 0), steps("float16", 2)
    side = candidate if role == "candidate" else truth
    for name in ("layers.0.k_rope", "logits"):
        side["decode.0"][name] = last_rows(side["prefill"], name)
    (finding,) = step_findings(tmp_path, truth, candidate)
    assert (finding.check, finding.severity, finding.subject) == ("repeated_phase", "error", f"{role}, phase decode.0")
    assert "2 taps" in finding.sentence
    assert finding.sentence.endswith("layers.0.k_rope, logits")


def test_values_that_both_sides_repeat_are_no_finding(tmp_path: Path) -> None:
    truth, candidate = steps("float64", 0), steps("float16", 2)
    for side in (truth, candidate):
        side["decode.0"]["embed"] = last_rows(side["prefill"], "embed")
    assert step_findings(tmp_path, truth, candidate) == ()
