"""The search, on a decoder whose noise is known."""

from __future__ import annotations

from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_model import GRAPH, GROUPS, LAYERS, TIMES, NoisyDecoder, find, limits_of, make_trials

from parity.limits import NoiseRule
from parity.tune import Budget, OutOfBudgetError, SearchResult, Trial, search
from parity.tune.group import kinds_of, taps_of

KINDS = ("input_norm", "q+k+v", "attn_ctx", "attn_out", "post_norm", "gate", "up", "act", "mlp_out")


def noisy(*kinds: str, layers: range = range(LAYERS), factor: float = 12.0) -> dict[str, float]:
    return {
        tap: factor
        for group in GROUPS
        if group.kind in kinds and (group.layer is None or group.layer in layers)
        for tap in group.taps
    }


def chosen(result: SearchResult) -> set[str]:
    return set(taps_of(result.chosen))


def test_nothing_is_needed_where_every_tap_is_within_limits(tmp_path: Path) -> None:
    decoder = NoisyDecoder()
    result = find(decoder, tmp_path)
    assert (result.status, result.chosen, result.builds) == ("within", (), 1)
    assert result.before == result.after


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("kind", [*KINDS, "logits"])
def test_one_kind_in_all_layers_is_found(tmp_path: Path, kind: str, local: bool) -> None:
    planted = noisy(kind)
    result = find(NoisyDecoder(planted, local=local), tmp_path)
    assert (result.status, chosen(result)) == ("met", set(planted))
    assert result.builds <= (2 if local else 5)


@pytest.mark.parametrize("layer", [0, 3, LAYERS - 1])
@pytest.mark.parametrize("kind", ["input_norm", "q+k+v", "mlp_out"])
def test_one_layer_alone_is_found(tmp_path: Path, kind: str, layer: int) -> None:
    planted = noisy(kind, layers=range(layer, layer + 1))
    result = find(NoisyDecoder(planted), tmp_path)
    assert (result.status, chosen(result), result.builds) == ("met", set(planted), 2)


@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True), st.booleans())
@settings(max_examples=30, deadline=None)
def test_several_kinds_are_found_with_few_builds(kinds: list[str], local: bool) -> None:
    with TemporaryDirectory() as folder:
        planted = noisy(*kinds)
        decoder = NoisyDecoder(planted, local=local)
        result = find(decoder, Path(folder))
        assert result.status == "met"
        assert chosen(result) == set(planted)
        assert not local or result.builds <= 2 + 2 * len(kinds)


@given(
    st.dictionaries(st.sampled_from(range(len(GROUPS))), st.floats(1.3, 6.0), min_size=1, max_size=6),
    st.floats(1.1, 2.5),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_the_answer_passes_and_no_kind_of_it_can_be_left_out(
    factors: dict[int, float], median: float, local: bool
) -> None:
    """Whatever makes noise, and however much of it is too much."""
    decoder = NoisyDecoder({tap: f for index, f in factors.items() for tap in GROUPS[index].taps}, local=local)
    with TemporaryDirectory() as folder:
        result = find(decoder, Path(folder), median=median)
    limits = limits_of(median)
    if result.status == "within":
        assert decoder(()).passes(limits)
        return
    assert result.status == "met"
    assert decoder(tuple(sorted(taps_of(result.chosen)))).passes(limits)
    for kind in kinds_of(result.chosen):
        rest = [group for group in result.chosen if group.kind != kind]
        assert not decoder(tuple(sorted(taps_of(rest)))).passes(limits)


def test_noise_below_suspicion_that_adds_up_is_found_too(tmp_path: Path) -> None:
    """No operation is out of the ordinary; the deepest taps are beyond a narrow limit all the same."""
    planted = {tap: 1.19 for group in GROUPS for tap in group.taps}
    result = find(NoisyDecoder(planted), tmp_path, median=1.1)
    assert result.status == "met"
    assert result.chosen
    assert len(result.chosen) < len(GROUPS)


def test_what_is_wrong_in_fp32_too_cant_be_met(tmp_path: Path) -> None:
    decoder = NoisyDecoder(noisy("q+k+v"), wrong={"layers.2.act": 9.0})
    result = find(decoder, tmp_path)
    assert (result.status, result.chosen) == ("cannot be met", ())
    assert result.after.fp32 == tuple(tap for tap in GRAPH.names if tap in taps_of(GROUPS))
    assert result.after.beyond(limits_of())[0].tap == "layers.2.act"


def test_an_overflow_that_fp32_takes_away_is_found(tmp_path: Path) -> None:
    for local in (True, False):
        result = find(NoisyDecoder({"layers.4.mlp_out": inf}, local=local), tmp_path / str(local))
        assert (result.status, chosen(result)) == ("met", {"layers.4.mlp_out"})


def test_the_cheap_one_of_two_cures_is_taken(tmp_path: Path) -> None:
    """A product and the norm behind it make noise; the logits come within their limit with either in fp32."""
    planted = {"layers.5.mlp_out": 2.0, "final_norm": 1.5}
    with_both, *with_one = (_ratio_of_logits(planted, fp32) for fp32 in ((), ("layers.5.mlp_out",), ("final_norm",)))
    limit = NoiseRule("logits", (max(with_one) + with_both) / 2, None, "test")
    trials = make_trials(NoisyDecoder(planted), tmp_path, limits=limits_of(9.0).with_rules(limit))
    result = search(GROUPS, trials, graph=GRAPH, times=TIMES)
    assert (result.status, chosen(result)) == ("met", {"final_norm"})


def _ratio_of_logits(planted: dict[str, float], fp32: tuple[str, ...]) -> float:
    reading = NoisyDecoder(planted)(fp32).reading("logits")
    assert reading is not None
    return reading.noise_ratio


def test_layers_are_told_apart_where_that_saves_time(tmp_path: Path) -> None:
    """Suspicion falls on all layers; the limit asks for the noise of the first ones alone to go."""
    decoder = NoisyDecoder({f"layers.{layer}.mlp_out": 9.0 if layer < 2 else 1.3 for layer in range(LAYERS)})
    result = find(decoder, tmp_path)
    layers = {group.layer for group in result.chosen}
    assert result.status == "met"
    assert kinds_of(result.chosen) == ("mlp_out",)
    assert layers == {0, 1}
    assert result.relative_time < TIMES.relative_time(g for g in GROUPS if g.kind == "mlp_out")


def test_when_builds_run_out_the_best_so_far_is_the_answer(tmp_path: Path) -> None:
    planted = {**noisy("q+k+v"), **noisy("mlp_out", "attn_out", "gate", factor=1.3)}
    whole = find(NoisyDecoder(planted), tmp_path / "whole")
    assert whole.status == "met"
    assert whole.builds > 2
    cut = find(NoisyDecoder(planted), tmp_path / "cut", builds=2)
    assert cut.status == "cut short"
    assert chosen(whole) < chosen(cut)
    assert cut.after.passes(limits_of())


def test_when_builds_run_out_early_that_is_said(tmp_path: Path) -> None:
    decoder = NoisyDecoder(noisy("q+k+v"))
    assert find(decoder, tmp_path, builds=1).status == "out of budget"
    with pytest.raises(OutOfBudgetError):
        find(NoisyDecoder(noisy("q+k+v")), tmp_path / "none", builds=0)


def test_no_build_begins_that_would_end_too_late(tmp_path: Path) -> None:
    """Each takes 10 seconds by its own account; 25 seconds are enough for two."""
    now = [0.0]
    decoder = NoisyDecoder({**noisy("q+k+v"), **noisy("mlp_out", "attn_out", "gate", factor=1.3)})

    def measure(fp32: tuple[str, ...]) -> Trial:
        now[0] += 10.0
        return decoder(fp32)

    result = find(measure, tmp_path, budget=Budget(100, 25.0, lambda: now[0]))
    assert (result.status, result.builds) == ("cut short", 2)


def test_a_search_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    planted = {**noisy("q+k+v"), **noisy("mlp_out", "attn_out", "gate", factor=1.3)}
    whole = find(NoisyDecoder(planted), tmp_path / "whole")
    first, second = NoisyDecoder(planted), NoisyDecoder(planted)
    find(first, tmp_path / "resumed", builds=2)
    resumed = find(second, tmp_path / "resumed")
    assert resumed.chosen == whole.chosen
    assert resumed.builds == whole.builds - 2
    assert not set(first.widened) & set(second.widened)
    assert find(NoisyDecoder(planted), tmp_path / "resumed").builds == 0


def test_the_search_is_the_same_every_time(tmp_path: Path) -> None:
    decoders = [NoisyDecoder(noisy("q+k+v", "up", factor=1.8), local=False) for _ in range(2)]
    for number, decoder in enumerate(decoders):
        find(decoder, tmp_path / str(number))
    assert decoders[0].widened == decoders[1].widened


def test_nothing_is_tried_twice(tmp_path: Path) -> None:
    decoder = NoisyDecoder(noisy("q+k+v", "mlp_out", "act", factor=1.6), local=False)
    find(decoder, tmp_path, median=1.2)
    assert len(decoder.widened) == len(set(decoder.widened))
