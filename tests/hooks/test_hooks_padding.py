"""Padding must not reach real tokens, on whichever side it lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from capturing import captured, every_tap, left_padded, random_batch

from parity.hooks import TransformersRunner
from parity.tokens import TokenBatch


def _right_padded(batch: TokenBatch) -> TokenBatch:
    return batch


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize(("dtype", "limit"), [("fp64", 1e-13), ("fp32", 1e-5)])
@pytest.mark.parametrize("arrange", [_right_padded, left_padded])
def test_a_prompt_gives_the_same_alone_and_beside_a_longer_one(
    tiny_dir: Path, dtype: str, limit: float, attention: str, arrange: Callable[[TokenBatch], TokenBatch]
) -> None:
    both = random_batch(21, 6)
    alone = TokenBatch.from_sequences([both.ids[1, :6].tolist()])
    together = arrange(both)
    runner = TransformersRunner(tiny_dir, dtype=dtype, attention=attention)
    expected, found = captured(runner, alone), captured(runner, together)
    real = together.mask[1]
    for tap in every_tap(runner):
        row = found[tap.name][1]
        row = row[:, real][:, :, real] if tap.axes[-1] == "key" else row[real]
        scale = np.abs(expected[tap.name]).max()
        assert np.abs(row - expected[tap.name][0]).max() <= limit * scale, tap.name


def test_what_stands_at_padding_does_not_matter(tiny_dir: Path) -> None:
    first, second = random_batch(10, 4), random_batch(10, 4)
    second.ids[1, 4:] = 99
    runner = TransformersRunner(tiny_dir, dtype="fp16", attention="sdpa")
    one, other = (captured(runner, tokens)["logits"] for tokens in (first, second))
    np.testing.assert_array_equal(one[first.mask], other[first.mask])


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_no_token_sees_padding(tiny_dir: Path, attention: str) -> None:
    tokens = random_batch(10, 4)
    taps = captured(TransformersRunner(tiny_dir, dtype="fp32", attention=attention), tokens)
    assert taps["layers.1.probs"][1, :, :, 4:].max() == 0
    assert taps["layers.1.probs"][0, :, 9].min() > 0


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_a_prompt_of_one_token_is_captured_whole(tiny_dir: Path, attention: str) -> None:
    taps = captured(TransformersRunner(tiny_dir, dtype="fp32", attention=attention), random_batch(1))
    np.testing.assert_array_equal(taps["layers.0.probs"], np.ones((1, 4, 1, 1), dtype=np.float32))
    v = np.repeat(taps["layers.0.v"], 2, axis=2)
    np.testing.assert_allclose(taps["layers.0.attn_ctx"], v, rtol=1e-6)
