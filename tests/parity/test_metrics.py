"""Metrics against their definitions, on arrays that hypothesis makes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from parity.dtypes import ROUNDING_REL_L2, dtype_info
from parity.metrics import (
    RealRows,
    differences,
    error_metrics,
    histogram,
    noise_metrics,
    noise_ratio_by_token,
    quantiles,
    real_rows,
    rel_l2_by_token,
    token_floor,
    token_profile,
    worst_channels,
    worst_tokens,
)
from parity.taps import DecoderShape, decoder_taps
from parity.tokens import TokenBatch

Floats = npt.NDArray[np.float64]

VALUES = st.floats(-1e4, 1e4, allow_nan=False, width=32)
ROWS = hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=7)
U16 = dtype_info("fp16").unit_roundoff


def rows(values: npt.NDArray[np.float64], valid: npt.NDArray[np.bool_] | None = None) -> RealRows:
    coordinates = np.stack([np.zeros(len(values), np.int64), np.arange(len(values))], axis=1)
    return RealRows(values, valid, coordinates)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Floats, Floats]:
    shape = draw(ROWS)
    truth = draw(hnp.arrays(np.float64, shape, elements=VALUES))
    return truth, draw(hnp.arrays(np.float64, shape, elements=VALUES))


@given(pairs())
def test_error_metrics_are_their_definitions(pair: tuple[Floats, Floats]) -> None:
    truth, side = pair
    absolute = np.abs(side - truth)
    relative = absolute / (np.abs(truth) + 1e-5)
    found = error_metrics(differences(rows(truth), rows(side)))
    expected = [
        *(absolute.mean(), np.median(absolute), np.quantile(absolute, 0.99), absolute.max()),
        *(relative.mean(), np.median(relative), np.quantile(relative, 0.99), relative.max()),
    ]
    names = [f"{statistic}_{kind}" for kind in ("abs", "rel") for statistic in ("mean", "median", "p99", "max")]
    np.testing.assert_allclose([getattr(found, name) for name in names], expected, rtol=1e-12, atol=1e-300)
    if (truth != 0).any():
        assert found.rel_l2 == pytest.approx(np.linalg.norm(side - truth) / np.linalg.norm(truth), rel=1e-9)
        assert found.norm_ratio == pytest.approx(np.linalg.norm(side) / np.linalg.norm(truth), rel=1e-9)


@given(hnp.arrays(np.float64, ROWS, elements=VALUES))
def test_equal_sides_satisfy_the_best_value_of_every_metric(truth: Floats) -> None:
    found = error_metrics(differences(rows(truth), rows(truth.copy())))
    zeros = {name: value for name, value in vars(found).items() if name.split("_")[-1] in ("abs", "rel", "l2")}
    assert set(zeros.values()) == {0.0}
    assert (found.cosine, found.norm_ratio, found.sqnr_db) == (pytest.approx(1.0), 1.0, math.inf)


@given(pairs())
def test_inputs_stay_as_they_were(pair: tuple[Floats, Floats]) -> None:
    truth, side = pair
    before = truth.copy(), side.copy()
    error_metrics(differences(rows(truth), rows(side)))
    np.testing.assert_array_equal(truth, before[0])
    np.testing.assert_array_equal(side, before[1])


@given(pairs(), st.integers(1, 40))
def test_chunks_change_nothing(pair: tuple[Floats, Floats], chunk: int) -> None:
    truth, side = pair
    with pytest.MonkeyPatch.context() as patch:
        whole = differences(rows(truth), rows(side))
        patch.setitem(differences.__globals__, "_CHUNK_ELEMENTS", chunk)
        parts = differences(rows(truth), rows(side))
    np.testing.assert_array_equal(whole.absolute, parts.absolute)
    np.testing.assert_allclose(whole.error_squares, parts.error_squares, rtol=1e-12)
    np.testing.assert_allclose(whole.channel_error_squares, parts.channel_error_squares, rtol=1e-12)
    assert np.abs(side - truth)[whole.worst] == np.abs(side - truth).max()


@given(hnp.arrays(np.float64, st.integers(1, 300), elements=VALUES), st.floats(0, 1))
def test_quantiles_are_numpys(values: Floats, fraction: float) -> None:
    expected = np.quantile(values, [fraction, 0.5])
    np.testing.assert_allclose(quantiles(values.copy(), (fraction, 0.5)), expected, rtol=1e-12, atol=1e-9)


@given(pairs(), st.data())
def test_invalid_elements_count_nowhere(pair: tuple[Floats, Floats], data: st.DataObject) -> None:
    truth, side = pair
    valid = data.draw(hnp.arrays(np.bool_, truth.shape))
    valid.flat[0] = True
    spoiled = np.where(valid, side, np.nan)
    found = differences(rows(truth, valid), rows(spoiled, valid))
    np.testing.assert_array_equal(found.absolute, np.abs(side - truth)[valid])
    assert found.error_squares.sum() == pytest.approx(((side - truth)[valid] ** 2).sum())
    assert valid[found.worst]


def test_heads_and_tokens_become_rows_in_prompt_order() -> None:
    tokens = TokenBatch.from_sequences([[1, 2, 3], [4]])
    taps = decoder_taps(DecoderShape(1, 8, 2, 1, 4, 8, 8))
    array = np.arange(2 * 3 * 2 * 4, dtype=np.float32).reshape(2, 3, 2, 4)
    taken = real_rows(array, taps["layers.0.q"], tokens)
    np.testing.assert_array_equal(taken.values, array[[0, 0, 0, 1], [0, 1, 2, 0]])
    assert taken.coordinates.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0]]


def test_scores_show_each_query_only_what_it_may_see() -> None:
    tokens = TokenBatch.from_sequences([[1, 2, 3], [4]])
    taps = decoder_taps(DecoderShape(1, 8, 2, 1, 4, 8, 8))
    taken = real_rows(np.zeros((2, 2, 3, 3)), taps["layers.0.scores"], tokens)
    assert taken.valid is not None
    assert taken.valid[:, 0].astype(int).tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 0]]
    assert taken.elements == 2 * 7


def noisy(truth: Floats, seed: int, size: float) -> Floats:
    return truth + size * np.random.default_rng(seed).normal(size=truth.shape)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(1.0, 200.0))
def test_the_noise_ratio_is_the_ratio_of_noises(seed: int, factor: float) -> None:
    truth = np.random.default_rng(seed).normal(size=(64, 1, 256))
    floor = token_floor([differences(rows(truth), rows(noisy(truth, seed + 1, 1e-2)))], unit_roundoff=U16)
    found = noise_metrics(differences(rows(truth), rows(noisy(truth, seed + 2, 1e-2 * factor))), floor)
    assert found.noise_ratio == pytest.approx(factor, rel=0.1)
    assert found.worst_token_noise_ratio == pytest.approx(factor, rel=0.45)
    assert found.basis == "measured"


def test_one_rounding_to_sixteen_bits_costs_what_the_table_says() -> None:
    truth = np.random.default_rng(0).normal(size=(1, 1, 100_000))
    for name in ("fp16", "bf16"):
        info = dtype_info(name)
        found = error_metrics(differences(rows(truth), rows(truth.astype(info.numpy))))
        assert found.rel_l2 == pytest.approx(ROUNDING_REL_L2 * info.unit_roundoff, rel=0.02)


def test_a_lucky_token_of_the_floor_does_not_condemn_an_honest_rounding() -> None:
    truth = np.random.default_rng(0).normal(size=(40, 1, 64))
    lucky = truth.astype(np.float16).astype(np.float64)
    lucky[0] = truth[0]
    floor = token_floor([differences(rows(truth), rows(lucky))], unit_roundoff=U16)
    honest = np.nextafter(truth.astype(np.float16), np.float16(np.inf)).astype(np.float64)
    assert noise_metrics(differences(rows(truth), rows(honest)), floor).worst_token_noise_ratio < 4


def test_a_token_that_hangs_on_one_number_is_judged_by_the_noisy_ones() -> None:
    """Some tokens are a hundred times as noisy; in one of them the floor run happened to hit the truth."""
    truth = np.ones((100, 1, 16))
    size = np.where(np.arange(100) % 10 == 0, 1e-2, 1e-4)[:, None, None]
    lucky = np.where(np.arange(100) == 50, 1e-4, 1.0)[:, None, None]
    floor = token_floor([differences(rows(truth), rows(truth + size * lucky))], unit_roundoff=2.0**-24)
    found = noise_metrics(differences(rows(truth), rows(truth + 1.5 * size)), floor)
    assert found.worst_token_noise_ratio == pytest.approx(1.5)
    broken = np.where(np.arange(100) == 50, 20.0, 1.5)[:, None, None]
    found = noise_metrics(differences(rows(truth), rows(truth + broken * size)), floor)
    assert found.worst_token_noise_ratio == pytest.approx(20)


@given(pairs(), st.floats(1e-6, 1.0))
def test_the_worst_token_is_never_better_than_the_median(pair: tuple[Floats, Floats], size: float) -> None:
    truth, side = pair
    floor = token_floor([differences(rows(truth), rows(noisy(truth, 0, size)))], unit_roundoff=U16)
    found = noise_metrics(differences(rows(truth), rows(side)), floor)
    assert found.worst_token_noise_ratio >= found.noise_ratio


def test_where_the_floor_is_exact_the_scale_of_the_inputs_serves() -> None:
    truth = np.zeros((4, 1, 8))
    exact = differences(rows(truth), rows(truth))
    floor = token_floor([exact], unit_roundoff=U16, input_norms=[np.full(4, 10.0)])
    assert floor.basis == "rounding"
    wrong = differences(rows(truth), rows(truth + 10 * U16))
    np.testing.assert_allclose(noise_ratio_by_token(wrong, floor), np.sqrt(8) / ROUNDING_REL_L2)
    assert noise_metrics(exact, floor).noise_ratio == 0.0


def test_the_noisiest_of_several_floors_counts() -> None:
    truth = np.random.default_rng(0).normal(size=(40, 1, 64))
    runs = [differences(rows(truth), rows(noisy(truth, 1, size))) for size in (1e-2, 3e-2)]
    found = noise_metrics(runs[0], token_floor(runs, unit_roundoff=U16))
    assert found.noise_ratio == pytest.approx(1 / 3, rel=0.1)


def test_the_histogram_counts_every_element_once() -> None:
    errors = np.array([0.0, 1e-30, 0.5e-3, 2e-3, 1e9])
    found = histogram(errors, None)
    assert (sum(found.candidate), found.candidate_zeros, found.floor) == (4, 1, ())
    assert found.candidate[0] == 1
    assert found.candidate[-1] == 1
    place = found.log10_edges.index(-3.5)
    assert found.candidate[place] == 1


def test_the_worst_tokens_and_channels_are_named() -> None:
    truth = np.ones((6, 2, 4))
    side = truth.copy()
    side[4, 1, 3] += 0.5
    side[2, 0, 1] += 0.1
    tokens = TokenBatch.from_sequences([[1, 2, 3], [4, 5, 6]], pieces=[list("abc"), list("def")])
    taken = RealRows(truth, None, np.argwhere(tokens.mask))
    found = differences(taken, RealRows(side, None, taken.coordinates))
    first, second = worst_tokens(rel_l2_by_token(found), None, tokens)
    assert (first.prompt, first.position, first.piece) == (1, 1, "e")
    assert (second.prompt, second.position, second.piece) == (0, 2, "c")
    channel = worst_channels(found, has_heads=True)[0]
    assert (channel.head, channel.channel) == (1, 3)
    assert channel.share == pytest.approx(0.25 / 0.26)


def test_positions_count_real_tokens_under_left_padding() -> None:
    ids = np.array([[0, 0, 7, 8]])
    tokens = TokenBatch(ids, ids > 0, np.maximum(np.arange(4)[None] - 2, 0), (("x", "y"),))
    truth = np.ones((2, 1, 4))
    found = differences(rows(truth), rows(np.array([1.0, 2.0])[:, None, None] * truth))
    (worst,) = worst_tokens(rel_l2_by_token(found), None, tokens)
    assert (worst.position, worst.piece) == (1, "y")


@given(hnp.arrays(np.float64, st.integers(1, 1000), elements=st.floats(0, 10)))
def test_a_profile_keeps_the_worst_of_each_bucket(distance: Floats) -> None:
    profile = token_profile(distance, None)
    assert len(profile.rel_l2) <= 128
    assert max(profile.rel_l2) == pytest.approx(distance.max(), rel=1e-3)
    assert (len(profile.rel_l2) - 1) * profile.bucket < distance.size <= len(profile.rel_l2) * profile.bucket
