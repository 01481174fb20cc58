"""Channels as pairs and back."""

from __future__ import annotations

import numpy as np
import pytest

from parity.diagnose.pair_layout import PairLayout, halves, interleaved


@pytest.mark.parametrize("layout", [halves(6), interleaved()])
def test_pairs_and_channels_are_inverse(layout: PairLayout) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 6))
    assert np.array_equal(layout.channels(layout.pairs(x)), x)


def test_each_layout_takes_its_channels() -> None:
    x = np.arange(6.0)
    assert halves(6).pairs(x).tolist() == [0 + 3j, 1 + 4j, 2 + 5j]
    assert interleaved().pairs(x).tolist() == [0 + 1j, 2 + 3j, 4 + 5j]
