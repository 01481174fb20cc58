"""Rounding to formats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.diagnose.formats import FORMATS, Format, coarser_formats, half_step

SIZES = st.floats(1e-2, 1e2) | st.floats(-1e2, -1e-2)


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.short)
@given(value=SIZES)
def test_rounding_is_within_half_a_step_and_repeats_to_itself(format_: Format, value: float) -> None:
    rounded = format_.nearest(np.array([value]))
    assert np.abs(rounded - value) <= half_step(np.array([value]), format_) * (1 + 1e-12)
    assert format_.nearest(rounded) == rounded
    assert np.abs(rounded - value) <= format_.unit_roundoff * abs(value)


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.short)
def test_saturation_stops_at_the_largest_number(format_: Format) -> None:
    beyond = np.array([-2.0, 2.0]) * format_.largest
    assert np.isclose(np.abs(format_.saturated(beyond)), format_.largest, rtol=1e-2).all()


@pytest.mark.parametrize(
    ("unit_roundoff", "names"),
    [
        (2.0**-24, ["fp16", "TF32", "bf16", "fp8 e4m3", "fp8 e5m2"]),
        (2.0**-11, ["bf16", "fp8 e4m3", "fp8 e5m2"]),
        (2.0**-8, ["fp8 e4m3", "fp8 e5m2"]),
    ],
)
def test_only_clearly_coarser_formats_are_suspected(unit_roundoff: float, names: list[str]) -> None:
    assert [format_.short for format_ in coarser_formats(unit_roundoff)] == names
