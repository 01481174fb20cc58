"""Outputs on the grid of a coarser format."""

from __future__ import annotations

import numpy as np
import pytest
from planting import best_cause, put_out

from parity.diagnose.formats import FORMATS
from parity.replay.arrays import Floats

DOWN = "layers.1.mlp_out"
NEAREST = {format_.short: format_.nearest for format_ in FORMATS}


def cut_off(values: Floats) -> Floats:
    bits = values.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32).astype(np.float64)


@pytest.mark.parametrize(
    ("short", "dtype"),
    [("fp16", "float32"), ("bf16", "float32"), ("bf16", "float16"), ("fp8 e4m3", "float16"), ("fp8 e5m2", "bfloat16")],
)
@pytest.mark.parametrize("tap", [DOWN, "logits"])
def test_the_format_is_named(tap: str, short: str, dtype: str) -> None:
    cause = best_cause(put_out(tap, NEAREST[short], dtype=dtype))
    assert (cause.hypothesis, cause.sentence) == ("output_rounded", f"the output is rounded to {short}")


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_truncation_is_told_from_rounding(dtype: str) -> None:
    cause = best_cause(put_out(DOWN, cut_off, dtype=dtype))
    assert (cause.hypothesis, cause.sentence) == ("output_rounded", "the output is cut off to bf16, towards zero")
