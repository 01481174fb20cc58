"""Planting positions that are moved from some token on."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of
from rotary_faults import turned


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("start", "shift"), [(13, 3), (30, -11)])
def test_start_and_shift_are_solved(start: int, shift: int, dtype: str) -> None:
    fault = turned(positions=lambda p, tokens: p + shift * (p >= start))
    cause = cause_of("layers.1.q_rope", fault, dtype=dtype)
    assert cause.hypothesis == "rotary_position_jump"
    assert f"{abs(shift)} too {'large' if shift > 0 else 'small'} from position {start} on" in cause.sentence
