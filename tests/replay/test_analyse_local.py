"""Errors taken apart: what an operation does wrong itself, and what it inherits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy_decoder import QWEN3, Fault, graph_of, make_reference, run

from parity.dtypes import dtype_info
from parity.metrics import noise_metrics
from parity.replay import LocalAnalysis, Sides, analyse_local, replay
from parity.replay.arrays import Floats
from parity.replay.replay import Reference
from parity.taps import select_taps

REFERENCE = make_reference()
GRAPH = graph_of(REFERENCE)
SOURCE = "layers.0.attn_out"
DTYPES = ("float32", "float16", "bfloat16")


def off_by(size: float) -> Fault:
    """A random error of `size`, relative to each token's output."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        right = replay(reference, GRAPH[SOURCE], inputs)
        error = np.random.default_rng(7).standard_normal(right.shape)
        norms = [np.sqrt((a * a).sum(axis=-1, keepdims=True)) for a in (right, error)]
        result: Floats = right + size * error * norms[0] / norms[1]
        return result

    return fault


def sides(faults: Mapping[str, Fault], dtype: str, *, floor: bool = True) -> Sides:
    noise = run(REFERENCE, dtype, seed=1) if floor else None
    return Sides(run(REFERENCE, "float64"), run(REFERENCE, dtype, seed=2, faults=faults), noise, dtype_info(dtype))


def analysed(tap: str, both: Sides) -> LocalAnalysis:
    return analyse_local(REFERENCE, GRAPH, GRAPH[tap], both)


def local_ratio(found: LocalAnalysis) -> float:
    return noise_metrics(found.local, found.local_floor).noise_ratio


def inherited_ratio(found: LocalAnalysis) -> float:
    return noise_metrics(found.inherited, found.inherited_floor).noise_ratio


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_clean_run_errs_nowhere_by_more_than_noise(dtype: str) -> None:
    both = sides({}, dtype)
    for tap in select_taps(GRAPH, "all"):
        found = analysed(tap.name, both)
        assert local_ratio(found) < 1.5, tap.name
        assert inherited_ratio(found) < 2, tap.name


@pytest.mark.parametrize(("dtype", "size"), [("float32", 1e-4), ("float16", 0.01), ("bfloat16", 0.1), ("float32", 0.3)])
def test_a_local_error_has_the_r_of_its_size(dtype: str, size: float) -> None:
    found = analysed(SOURCE, sides({SOURCE: off_by(size)}, dtype))
    noise = float(np.median(found.local_floor.error / np.sqrt(found.local.truth_squares.sum(axis=1))))
    assert local_ratio(found) == pytest.approx(size / noise, rel=0.1)
    assert inherited_ratio(found) < 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_comes_after_only_carries_it(dtype: str) -> None:
    both = sides({SOURCE: off_by(0.3)}, dtype)
    names = [tap.name for tap in select_taps(GRAPH, "all")]
    for name in names[names.index(SOURCE) + 1 :]:
        found = analysed(name, both)
        assert local_ratio(found) < 1.5, name
        assert inherited_ratio(found) > 3, name
    for name in names[: names.index(SOURCE)]:
        assert inherited_ratio(analysed(name, both)) < 2, name


def test_an_inherited_error_does_not_hide_a_local_one() -> None:
    later = "layers.1.mlp_out"
    doubled: Fault = lambda reference, inputs: 2 * replay(reference, GRAPH[later], inputs)  # noqa: E731
    found = analysed(later, sides({SOURCE: off_by(0.3), later: doubled}, "float32"))
    assert local_ratio(found) > 1e4
    assert inherited_ratio(found) > 1e4


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_whole_error_is_at_most_both_parts_together(dtype: str) -> None:
    both = sides(
        {SOURCE: off_by(0.1), "layers.1.gate": lambda r, inputs: replay(r, GRAPH["layers.1.up"], inputs)}, dtype
    )
    mask = REFERENCE.tokens.mask
    for tap in select_taps(GRAPH, "all"):
        found = analysed(tap.name, both)
        expected = replay(REFERENCE, tap, [both.truth[name] for name in tap.inputs])
        whole = (both.candidate[tap.name].astype(np.float64) - expected)[mask].reshape(mask.sum(), -1)
        parts = [np.sqrt(part.error_squares.sum(axis=1)) for part in (found.local, found.inherited)]
        assert (np.sqrt((whole**2).sum(axis=1)) <= sum(parts) * (1 + 1e-9) + 1e-12).all(), tap.name


def test_gain_is_how_much_a_right_operation_enlarges_what_came_in() -> None:
    both = sides({"layers.0.resid_out": lambda r, inputs: 1.001 * (inputs[0] + inputs[1])}, "float32")
    found = analysed("layers.1.input_norm", both)
    came_in = both.candidate["layers.0.resid_out"] - both.truth["layers.0.resid_out"]
    size = np.sqrt((came_in[REFERENCE.tokens.mask] ** 2).sum())
    assert found.gain == pytest.approx(np.sqrt(found.inherited.error_squares.sum()) / size)
    assert found.gain < 0.1  # a scale is what a norm removes
    assert found.noise_gain is not None
    assert found.noise_gain > 0.1


def test_where_nothing_came_in_there_is_no_gain() -> None:
    found = analysed("embed", sides({}, "float32"))
    assert found.gain is None
    assert found.inherited.error_squares.sum() == 0


def test_without_a_floor_run_storing_the_inputs_is_the_noise() -> None:
    with_floor, without = (analysed("layers.1.q", sides({}, "float16", floor=floor)) for floor in (True, False))
    assert (without.local_floor.error > 0).all()
    assert (without.local_floor.error <= with_floor.local_floor.error).all()
    assert without.noise_gain is None


def test_replay_on_other_weights_than_the_truths_is_seen() -> None:
    other = make_reference(seed=5)
    both = sides({}, "float32")
    assert analyse_local(REFERENCE, GRAPH, GRAPH["layers.1.q"], both).truth_rel_l2 < 1e-12
    assert analyse_local(other, GRAPH, GRAPH["layers.1.q"], both).truth_rel_l2 > 0.1


def test_head_norms_are_taken_apart_too() -> None:
    reference = make_reference(QWEN3)
    graph = graph_of(reference)
    truth, floor = run(reference, "float64"), run(reference, "float16", seed=1)
    skipped: Fault = lambda r, inputs: inputs[0]  # noqa: E731
    candidate = run(reference, "float16", seed=2, faults={"layers.0.q_norm": skipped})
    both = Sides(truth, candidate, floor, dtype_info("float16"))
    assert local_ratio(analyse_local(reference, graph, graph["layers.0.q_norm"], both)) > 100
    assert local_ratio(analyse_local(reference, graph, graph["layers.0.q_rope"], both)) < 1.5


def test_infinities_born_here_are_told_from_those_that_came_in() -> None:
    with np.errstate(invalid="ignore"):
        both = sides({SOURCE: lambda r, inputs: _with_infinity(replay(r, GRAPH[SOURCE], inputs))}, "float16")
    born, heir = analysed(SOURCE, both), analysed("layers.0.resid_mid", both)
    assert np.isinf(born.local.error_squares).sum() == 1
    assert np.isfinite(born.inherited.error_squares).all()
    assert np.isfinite(heir.local.error_squares).all()
    assert np.isinf(heir.inherited.error_squares).sum() == 1
    assert heir.gain is None


def test_a_floor_that_is_not_finite_counts_as_none() -> None:
    broken = sides({}, "float16")
    assert broken.floor is not None
    floor = {**broken.floor, SOURCE: _with_infinity(broken.floor[SOURCE])}
    found = analysed(SOURCE, Sides(broken.truth, broken.candidate, floor, broken.dtype))
    none = analysed(SOURCE, Sides(broken.truth, broken.candidate, None, broken.dtype))
    assert np.array_equal(found.local_floor.error, none.local_floor.error)
    assert found.noise_gain is None


def test_every_side_is_replayed_from_what_the_candidate_captured() -> None:
    """Three operations make more noise than one, so the floor has to be replayed through all three, too."""
    both, tap = sides({}, "float16"), "layers.1.mlp_out"
    hidden = [f"layers.1.{kind}" for kind in ("act", "gate", "up", "post_norm")]
    fused = {name: array for name, array in both.candidate.items() if name not in hidden}
    found = analysed(tap, Sides(both.truth, fused, both.floor, both.dtype))
    nearest = analysed(tap, both)
    assert local_ratio(found) < 1.5
    assert np.median(found.local_floor.error) > 1.3 * np.median(nearest.local_floor.error)


def _with_infinity(array: Floats) -> Floats:
    changed = array.copy()
    changed[0, 3, 5] = np.inf
    return changed
