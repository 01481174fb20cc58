"""Costs of key ranges from running sums are those of the ranges themselves."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import attending, distances, padded_on_the_left, windowed
from numpy_decoder import make_case
from planting import qwen2

from parity.diagnose.attention_tap import attention_tap
from parity.diagnose.key_ranges import key_ranges
from parity.replay import Reference
from parity.replay.ops import probabilities

REFERENCES = {"right": qwen2(), "left": padded_on_the_left(qwen2()), "window": windowed(qwen2(), 7)}


@pytest.mark.parametrize("reference", REFERENCES.values(), ids=REFERENCES)
def test_each_cost_is_that_of_attention_over_the_range(reference: Reference) -> None:
    fault = attending(seen=lambda parts: (abs(distances(parts)) < 9) & parts.real[:, None, None])
    case = make_case(reference, "layers.1.attn_ctx", fault)
    ranges, sample = key_ranges(case), attention_tap(case).sample
    ordinals, real = sample.rows.key_ordinals, sample.rows.real_keys

    def cost(row: int, seen: np.ndarray) -> float:
        weights = probabilities(sample.rows.scores, (seen & real)[:, None])
        output = sample.rows.context(weights)[row, :, :8]
        return float(np.square(output - sample.output[row, :, :8]).sum())

    rng = np.random.default_rng(0)
    for row in rng.choice(len(sample.rows.rows), 6, replace=False):
        own, length = ranges.own[row], ranges.lengths[row]
        first = ordinals[row][sample.rows.visible[row]].min()
        start, end = rng.integers(0, own + 1), rng.integers(first, length)
        assert ranges.from_start[row, start] == pytest.approx(cost(row, (ordinals >= start) & (ordinals <= own)))
        assert ranges.to_end[row, end] == pytest.approx(cost(row, (ordinals >= first) & (ordinals <= end)))
        if own > first:
            key = rng.integers(first, own + 1)
            assert ranges.without[row, key] == pytest.approx(cost(row, sample.rows.visible & (ordinals != key)))


def test_queries_that_see_nothing_put_out_zero() -> None:
    case = make_case(qwen2(), "layers.1.attn_ctx", attending())
    ranges, sample = key_ranges(case), attention_tap(case).sample
    nothing = np.full(ranges.own.size, -1)
    assert ranges.total_to(nothing) == pytest.approx(float(np.square(sample.output[..., :8]).sum()))
