"""Captures that show a later tensor, told from layers that leave an operation out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy_decoder import graph_of, run
from preflight_sides import REFERENCE, Arrays, Sides, candidate_of

LAST = "layers.1.resid_out"


def shows(tap: str, other: str) -> Callable[[Arrays], Arrays]:
    return lambda arrays: arrays | {tap: arrays[other].reshape(arrays[tap].shape)}


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_k_that_shows_k_rope_was_captured_too_late(dtype: str, tmp_path: Path) -> None:
    """NVIDIA/TensorRT-LLM #1393: attention writes rotated keys back into the buffer that is marked as an output."""
    (finding,) = Sides(candidate=shows("layers.0.k", "layers.0.k_rope"), dtype=dtype).findings(tmp_path)
    assert (finding.check, finding.severity) == ("aliased_tap", "error")
    assert finding.subject == "layers.0.k of the candidate, phase prefill"
    assert "its values are those of layers.0.k_rope, bit by bit" in finding.sentence


def test_a_later_tap_that_the_engine_hides_is_looked_for_in_the_reference(tmp_path: Path) -> None:
    hidden = ("layers.1.q_rope", "layers.1.k_rope")
    sides = Sides(candidate=shows("layers.1.q", "layers.1.q_rope"), lost=hidden)
    (finding,) = sides.findings(tmp_path)
    assert (finding.check, finding.subject) == ("aliased_tap", "layers.1.q of the candidate, phase prefill")
    assert "as the other side has them" in finding.sentence


def test_hidden_states_minus_one_is_recognised(tmp_path: Path) -> None:
    (finding,) = Sides(truth=shows(LAST, "final_norm")).findings(tmp_path)
    assert (finding.check, finding.severity) == ("aliased_tap", "error")
    assert finding.subject == f"{LAST} of the reference, phase prefill"
    assert "hidden_states[-1] of transformers is taken behind the final norm" in finding.sentence


@pytest.mark.parametrize(
    ("left_out", "passed_on"),
    [("layers.0.k_rope", "layers.0.k"), ("final_norm", LAST), ("layers.1.resid_mid", "layers.1.attn_out")],
)
def test_an_operation_that_was_left_out_is_the_layers_fault(left_out: str, passed_on: str, tmp_path: Path) -> None:
    place = graph_of(REFERENCE)[left_out].inputs.index(passed_on)
    broken = run(REFERENCE, "float16", seed=2, faults={left_out: lambda _, inputs: inputs[place]})
    assert Sides(candidate=lambda _: broken).findings(tmp_path) == ()


@pytest.mark.parametrize("hidden", [("layers.0.q_rope",), ("layers.0.q_rope", "layers.0.attn_ctx")])
def test_rotating_twice_is_the_layers_fault(hidden: tuple[str, ...], tmp_path: Path) -> None:
    """The q tap equals the reference's q_rope here too, but what follows from it is wrong."""
    arrays = candidate_of()
    rotated = arrays["layers.0.q_rope"]
    broken = run(REFERENCE, "float16", seed=2, faults={"layers.0.q": lambda *_: rotated.astype("float64")})
    assert Sides(candidate=lambda _: broken, lost=hidden).findings(tmp_path) == ()


def test_layers_in_which_the_same_happens_share_a_finding(tmp_path: Path) -> None:
    def both(arrays: Arrays) -> Arrays:
        return {**arrays, **{f"layers.{layer}.k": arrays[f"layers.{layer}.k_rope"] for layer in range(2)}}

    (finding,) = Sides(candidate=both).findings(tmp_path)
    assert finding.subject == "layers.0.k, layers.1.k of the candidate, phase prefill"
    assert finding.sentence.endswith("the same in 1 more layers")


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_taps_that_are_alike_because_nothing_is_left_are_the_layers_fault(value: float, tmp_path: Path) -> None:
    """An overflow makes every tap behind it NaN."""

    def spoilt(arrays: Arrays) -> Arrays:
        later = [name for name in arrays if name.startswith("layers.1.") or name in ("final_norm", "logits")]
        return arrays | {name: np.full_like(arrays[name], value) for name in later}

    assert Sides(candidate=spoilt).findings(tmp_path) == ()
