"""Planting cos and sin in 16 bits."""

from __future__ import annotations

import numpy as np
import pytest
from planting import cause_of
from rotary_faults import BF16, FP16, from_tables, rounded

from parity.replay.arrays import Floats


@pytest.mark.parametrize(("rounding", "words"), [(BF16, "bf16"), (FP16, "fp16")])
def test_the_format_is_named(rounding: type, words: str) -> None:
    def tables(positions: Floats, omega: Floats) -> tuple[Floats, Floats]:
        return rounded(np.cos(positions * omega), rounding), rounded(np.sin(positions * omega), rounding)

    cause = cause_of("layers.1.q_rope", from_tables(tables))
    assert cause.hypothesis == "rotary_tables_rounded"
    assert cause.sentence.endswith(words)
