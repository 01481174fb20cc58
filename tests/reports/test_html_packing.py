from __future__ import annotations

import base64
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.reports.html.packing import pack_logs


def _codes(packed: str) -> list[int]:
    return np.frombuffer(base64.b64decode(packed), dtype="<u2").tolist()


@given(st.lists(st.floats(min_value=1e-19, max_value=1e44), min_size=1))
def test_values_come_back_to_an_eighth_of_a_percent(values: list[float]) -> None:
    back = [10 ** ((code - 1) / 1000 - 20) for code in _codes(pack_logs(values))]
    assert back == pytest.approx(values, rel=0.00125)


def test_zero_and_what_is_not_finite_have_codes_of_their_own() -> None:
    assert _codes(pack_logs([0.0, math.inf, math.nan])) == [0, 65535, 65535]


def test_values_beyond_the_range_stay_apart_from_zero_and_infinity() -> None:
    assert _codes(pack_logs([1e-300, 1e300])) == [1, 65534]


def test_nothing_packs_to_nothing() -> None:
    assert pack_logs(()) == ""
