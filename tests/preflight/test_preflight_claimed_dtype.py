"""Values tell what a side computed in, whatever its manifest says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy_decoder import run
from preflight_sides import REFERENCE, Arrays, Sides

from parity.finding import Finding


def as_stored(dtype: str, stored: str, *, seed: int = 3) -> Arrays:
    """A run in `dtype`, kept in a wider one."""
    return {name: array.astype(stored) for name, array in run(REFERENCE, dtype, seed=seed).items()}


def only(findings: tuple[Finding, ...]) -> Finding:
    (finding,) = findings
    assert finding.check == "claimed_dtype"
    return finding


@pytest.mark.parametrize("really", ["bfloat16", "float16"])
def test_a_truth_in_16_bits_is_an_error(really: str, tmp_path: Path) -> None:
    finding = only(Sides(truth=lambda _: as_stored(really, "float64")).findings(tmp_path))
    assert finding.severity == "error"
    assert f"it was computed in {really}, and a truth has to be finer" in finding.sentence


def test_a_truth_in_fp32_still_judges_16_bits_but_not_fp32(tmp_path: Path) -> None:
    def truth(_: Arrays) -> Arrays:
        return as_stored("float32", "float64")

    assert only(Sides(truth=truth).findings(tmp_path)).severity == "warning"
    assert only(Sides(truth=truth, dtype="float32").findings(tmp_path)).severity == "error"


def test_a_candidate_in_fp16_that_claims_fp32_is_an_error(tmp_path: Path) -> None:
    sides = Sides(candidate=lambda _: as_stored("float16", "float32"), dtype="float32")
    finding = only(sides.findings(tmp_path))
    assert (finding.severity, finding.subject[:9]) == ("error", "candidate")
    assert "the floor and the limits have to be those of float16" in finding.sentence


def test_a_candidate_with_one_tap_in_16_bits_is_left_to_the_layers(tmp_path: Path) -> None:
    def one(arrays: Arrays) -> Arrays:
        return arrays | {"layers.1.gate": arrays["layers.1.gate"].astype(np.float16).astype(np.float32)}

    assert Sides(candidate=one, dtype="float32").findings(tmp_path) == ()


def test_a_floor_that_is_finer_than_it_says_is_an_error(tmp_path: Path) -> None:
    finding = only(Sides(floor=lambda _: as_stored("float32", "float32")).findings(tmp_path))
    assert (finding.severity, finding.subject[:5]) == ("error", "floor")
    assert "it was computed in float32" in finding.sentence


def test_16_bits_kept_in_wider_numbers_are_still_16_bits(tmp_path: Path) -> None:
    sides = Sides(
        floor=lambda _: as_stored("float16", "float32"), candidate=lambda _: as_stored("float16", "float32", seed=4)
    )
    assert sides.findings(tmp_path) == ()


def test_taps_of_the_truth_that_were_rounded_are_listed(tmp_path: Path) -> None:
    def truth(arrays: Arrays) -> Arrays:
        return arrays | {"logits": arrays["logits"].astype(np.float16).astype(np.float64)}

    finding = only(Sides(truth=truth).findings(tmp_path))
    assert finding.severity == "warning"
    assert "1 taps were rounded to fewer bits on their way: logits, prefill (float16)" in finding.sentence
