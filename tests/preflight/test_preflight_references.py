"""What a reference and a floor have to be: finite, with sound settings, of the same weights, on prompts that show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from given_dumps import GivenSide, store_side
from numpy_decoder import graph_of, make_reference, run
from preflight_sides import Arrays, Sides

from parity.preflight import preflight_dumps
from parity.tokens import TokenBatch


def overflowing(arrays: Arrays) -> Arrays:
    changed = arrays["layers.1.mlp_out"].copy()
    changed[1, 3, 5] = np.inf
    return arrays | {"layers.1.mlp_out": changed}


def at_padding(arrays: Arrays) -> Arrays:
    changed = arrays["layers.1.mlp_out"].copy()
    changed[1, 20] = np.nan
    return arrays | {"layers.1.mlp_out": changed}


def test_a_truth_that_overflows_is_an_error(tmp_path: Path) -> None:
    (finding,) = Sides(truth=overflowing).findings(tmp_path)
    assert (finding.check, finding.severity) == ("finite_truth", "error")
    assert "in 1 taps, first in layers.1.mlp_out" in finding.sentence


def test_a_floor_that_overflows_is_a_warning_about_the_dtype(tmp_path: Path) -> None:
    (finding,) = Sides(floor=overflowing).findings(tmp_path)
    assert (finding.check, finding.severity) == ("finite_truth", "warning")
    assert "the Hugging Face model itself overflows in float16" in finding.sentence


def test_a_candidate_that_overflows_is_left_to_the_layers(tmp_path: Path) -> None:
    assert Sides(candidate=overflowing).findings(tmp_path) == ()


def test_padding_may_hold_anything(tmp_path: Path) -> None:
    assert Sides(truth=at_padding, floor=at_padding, candidate=at_padding).findings(tmp_path) == ()


@pytest.mark.parametrize(("value", "checks"), [("on", ["reference_settings"]), ("off", []), ("False", [])])
def test_tf32_in_a_wide_reference_is_an_error(value: str, checks: list[str], tmp_path: Path) -> None:
    findings = Sides(flags={"allow_tf32": value}).findings(tmp_path)
    assert [finding.check for finding in findings] == checks


def test_other_weights_of_the_same_runner_are_an_error(tmp_path: Path) -> None:
    digests = {"candidate": "other"}
    (finding,) = Sides(runner="transformers", digests=digests).findings(tmp_path)
    assert (finding.check, finding.severity) == ("other_weights", "error")
    assert Sides(runner="onnxruntime", digests=digests).findings(tmp_path) == ()


def test_other_tokens_are_found_without_looking_at_a_layer(tmp_path: Path) -> None:
    sides = Sides()
    ids = sides.tokens.ids.copy()
    ids[0] = np.roll(ids[0], 1)
    other = TokenBatch(ids, sides.tokens.mask, sides.tokens.positions)
    (finding,) = Sides(tokens=other).findings(tmp_path)
    assert (finding.check, finding.severity) == ("token_ids", "error")
    assert "prompt 0 differs first at token 0" in finding.sentence


def test_single_tokens_are_a_warning(tmp_path: Path) -> None:
    reference = make_reference(lengths=(1, 1))
    graph = graph_of(reference)
    truth, candidate = (
        store_side(tmp_path, GivenSide(name, dtype, graph, run(reference, dtype)), role, reference.tokens)
        for name, dtype, role in (("transformers", "float64", "reference"), ("onnxruntime", "float16", "candidate"))
    )
    assert [(found.check, found.severity) for found in preflight_dumps(truth, candidate)] == [("one_token", "warning")]
