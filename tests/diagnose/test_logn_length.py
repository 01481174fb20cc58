"""The length of logarithmic scaling."""

from __future__ import annotations

import numpy as np
import pytest

from parity.diagnose.logn import logn_scale, solved_length


@pytest.mark.parametrize("length", [8192, 2048, 37])
@pytest.mark.parametrize("clamped", [True, False])
def test_the_length_is_found(length: int, clamped: bool) -> None:
    positions = np.arange(0.0, 20000, 7)
    scales = logn_scale(positions, length, clamped=clamped)
    assert solved_length(positions, scales, np.ones(positions.size), clamped=clamped) == length


def test_clamped_scales_are_1_up_to_the_length() -> None:
    scales = logn_scale(np.array([0.0, 99.0, 100.0, 9999.0]), 100, clamped=True)
    assert scales == pytest.approx([1, 1, np.log(101) / np.log(100), 2])


def test_a_prompt_of_two_tokens_has_no_length() -> None:
    assert solved_length(np.arange(2.0), np.ones(2), np.ones(2), clamped=True) is None
