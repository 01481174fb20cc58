"""The reference's operations obey their maths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.replay.arrays import Floats
from parity.replay.ops import (
    add,
    attention,
    attention_mask,
    embedding,
    linear,
    probabilities,
    rms_norm,
    rotary,
    rotate_half,
    scores,
    silu,
    silu_mul,
)

SEEDS = st.integers(0, 2**16)
FREQUENCIES = 1e4 ** (-np.arange(4) / 4)


def normal(seed: int, *shape: int) -> Floats:
    return np.random.default_rng(seed).standard_normal(shape)


@given(seed=SEEDS, bias=st.booleans())
def test_linear_is_the_sum_over_input_channels(seed: int, bias: bool) -> None:
    x, weight, added = normal(seed, 2, 3, 5), normal(seed + 1, 7, 5), normal(seed + 2, 7)
    expected = np.einsum("bti,oi->bto", x, weight) + (added if bias else 0)
    assert np.allclose(linear(x, weight, added if bias else None), expected)


@given(seed=SEEDS)
def test_linear_reads_heads_one_after_the_other(seed: int) -> None:
    x, weight = normal(seed, 2, 3, 4, 6), normal(seed + 1, 7, 24)
    expected = np.einsum("bthc,ohc->bto", x, weight.reshape(7, 4, 6))
    assert np.allclose(linear(x, weight), expected)


def test_stored_dtypes_are_widened_before_anything_is_computed() -> None:
    x, weight = normal(0, 1, 2, 64), normal(1, 3, 64).astype(np.float16)
    assert np.array_equal(linear(x, weight), linear(x, weight.astype(np.float64)))
    assert linear(x, weight).dtype == np.float64


@given(seed=SEEDS)
def test_embedding_takes_rows(seed: int) -> None:
    table, ids = normal(seed, 11, 4).astype(np.float32), np.random.default_rng(seed).integers(0, 11, (2, 3))
    assert np.array_equal(embedding(ids, table), np.array([[table[i] for i in row] for row in ids], dtype=np.float64))


@given(seed=SEEDS, scale=st.floats(1e-3, 1e3))
def test_rms_norm_removes_any_scale_but_its_weight(seed: int, scale: float) -> None:
    x, weight = normal(seed, 2, 3, 16), normal(seed + 1, 16)
    assert np.allclose(rms_norm(scale * x, weight, epsilon=0.0), rms_norm(x, weight, epsilon=0.0))
    assert np.allclose(rms_norm(x, scale * weight, epsilon=1e-6), scale * rms_norm(x, weight, epsilon=1e-6))


@given(seed=SEEDS)
def test_rms_norm_leaves_vectors_of_mean_square_one(seed: int) -> None:
    unit = rms_norm(normal(seed, 2, 3, 16), np.ones(16), epsilon=0.0)
    assert np.allclose((unit**2).mean(axis=-1), 1)


def test_epsilon_lies_under_the_root() -> None:
    assert rms_norm(np.array([[[3.0, 4.0]]]), np.ones(2), epsilon=3.5)[0, 0, 0] == pytest.approx(3 / 4)


@given(seed=SEEDS)
def test_rotary_keeps_the_norm_of_each_pair(seed: int) -> None:
    x, positions = normal(seed, 2, 5, 3, 8), np.random.default_rng(seed).integers(0, 4000, (2, 5))
    turned = rotary(x, positions, FREQUENCIES)
    for a in (x, turned):
        assert a.shape == (2, 5, 3, 8)
    assert np.allclose(*(a[..., :4] ** 2 + a[..., 4:] ** 2 for a in (x, turned)))


@given(seed=SEEDS, shift=st.integers(-50, 5000))
def test_rotary_is_relative(seed: int, shift: int) -> None:
    q, k, positions = normal(seed, 1, 6, 2, 8), normal(seed + 1, 1, 6, 2, 8), np.arange(6)[None]
    here, there = (scores(*(rotary(x, positions + s, FREQUENCIES) for x in (q, k)), scale=1.0) for s in (0, shift))
    assert np.allclose(here, there, atol=1e-9)


def test_rotary_turns_pairs_half_a_head_apart() -> None:
    x = np.zeros((1, 1, 1, 8))
    x[..., 1] = 1
    turned = rotary(x, np.array([[2]]), FREQUENCIES, scale=3.0)[0, 0, 0]
    angle = 2 * FREQUENCIES[1]
    assert turned[1] == pytest.approx(3 * np.cos(angle))
    assert turned[5] == pytest.approx(3 * np.sin(angle))
    assert np.count_nonzero(turned) == 2


@given(seed=SEEDS)
def test_half_rotations_twice_turn_round(seed: int) -> None:
    x = normal(seed, 2, 3, 8)
    assert np.array_equal(rotate_half(rotate_half(x)), -x)


@given(seed=SEEDS)
def test_each_query_head_reads_the_key_head_of_its_group(seed: int) -> None:
    q, k = normal(seed, 1, 3, 4, 5), normal(seed + 1, 1, 3, 2, 5)
    expected = np.stack([q[0, :, h] @ k[0, :, h // 2].T for h in range(4)])
    assert np.allclose(scores(q, k, scale=0.5)[0], 0.5 * expected)


@given(seed=SEEDS, shift=st.floats(-500, 500))
def test_probabilities_sum_to_one_and_ignore_a_shift(seed: int, shift: float) -> None:
    values, mask = normal(seed, 1, 2, 6, 6) * 30, np.tri(6, dtype=np.bool_)
    weights = probabilities(values, mask)
    assert np.allclose(weights.sum(axis=-1), 1)
    assert (weights[..., ~mask] == 0).all()
    assert np.allclose(probabilities(values + shift, mask), weights)


def test_a_query_that_sees_nothing_gets_zeros() -> None:
    mask = np.tri(3, dtype=np.bool_)
    mask[0] = False
    assert (probabilities(np.ones((1, 1, 3, 3)), mask)[0, 0, 0] == 0).all()


@settings(max_examples=25)
@given(seed=SEEDS, scale=st.floats(0, 10))
def test_attention_stays_among_the_visible_values(seed: int, scale: float) -> None:
    """Each output is a mean of visible values, so along every direction it lies between their extremes."""
    q, k, v = normal(seed, 1, 6, 4, 8), normal(seed + 1, 1, 6, 2, 8), normal(seed + 2, 1, 6, 2, 8)
    context = attention(q, k, v, attention_mask(np.ones((1, 6), dtype=np.bool_)), scale=scale)
    directions = normal(seed + 3, 8, 20)
    for query in range(6):
        for head in range(4):
            seen = v[0, : query + 1, head // 2] @ directions
            found = context[0, query, head] @ directions
            assert (found <= seen.max(axis=0) + 1e-9).all()
            assert (found >= seen.min(axis=0) - 1e-9).all()


def test_without_scale_attention_is_the_mean_of_what_is_visible() -> None:
    v = normal(0, 1, 5, 1, 3)
    context = attention(normal(1, 1, 5, 1, 3), normal(2, 1, 5, 1, 3), v, attention_mask(np.ones((1, 5), bool)), scale=0)
    assert np.allclose(context[0, :, 0], [v[0, : t + 1, 0].mean(axis=0) for t in range(5)])


@pytest.mark.parametrize("window", [None, 1, 2, 10])
def test_the_mask_is_causal_ends_at_the_window_and_hides_padding(window: int | None) -> None:
    real = np.array([[True] * 4, [True, True, True, False]])
    visible = attention_mask(real, window=window)
    for prompt in range(2):
        for query in range(4):
            for key in range(4):
                near = query - key < (window or 99)
                assert visible[prompt, query, key] == (key <= query and near and real[prompt, key])


@given(st.floats(-700, 700))
def test_silu_is_x_times_sigmoid(x: float) -> None:
    assert float(silu(np.array(x))) == pytest.approx(x / (1 + np.exp(-x)), rel=1e-9, abs=1e-12)


def test_silu_does_not_overflow() -> None:
    with np.errstate(all="raise"):
        assert silu(np.array([1e5, -1e5])).tolist() == [1e5, 0.0]


@given(seed=SEEDS)
def test_gate_and_up_have_their_parts(seed: int) -> None:
    gate, up = normal(seed, 2, 3), normal(seed + 1, 2, 3)
    assert np.allclose(silu_mul(gate, 2 * up), 2 * silu_mul(gate, up))
    assert not np.allclose(silu_mul(gate, up), silu_mul(up, gate))
    assert np.array_equal(add(gate, up), gate + up)
