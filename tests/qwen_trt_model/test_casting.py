from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.errors import ParityError
from qwen_trt_model.casting import bits, cast

within_fp16 = st.lists(st.floats(-60000, 60000, width=32), min_size=1, max_size=40)


@given(within_fp16)
def test_every_value_becomes_the_nearest_one(values: list[float]) -> None:
    array = np.array(values, np.float32)
    result, _ = cast(array, "float16", name="w")
    gap = np.abs(result.astype(np.float64) - array)
    for neighbour in (np.nextafter(result, np.float16(np.inf)), np.nextafter(result, np.float16(-np.inf))):
        assert np.all(gap <= np.abs(neighbour.astype(np.float64) - array))


@given(within_fp16)
def test_loss_counts_what_became_zero_or_subnormal(values: list[float]) -> None:
    array = np.array(values, np.float32)
    result, loss = cast(array, "float16", name="w")
    zeroed = int(np.sum((result == 0) & (array != 0)))
    subnormal = int(np.sum((np.abs(result) < 2.0**-14) & (result != 0)))
    assert (loss.zeroed, loss.subnormal) == (zeroed, subnormal) if loss else zeroed == subnormal == 0


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_the_same_dtype_keeps_every_bit(dtype: str) -> None:
    array = np.array([1.5, -0.0, np.nan, np.inf, 6e-8], np.dtype(dtype))
    result, loss = cast(array, dtype, name="w")
    assert np.array_equal(bits(result), bits(array))
    assert loss is None


def test_widening_is_exact() -> None:
    array = np.arange(2**16, dtype=np.uint16).view(ml_dtypes.bfloat16)
    result, loss = cast(array, "float32", name="w")
    assert np.array_equal(bits(result), np.arange(2**16, dtype=np.uint32) << 16)
    assert loss is None or loss.zeroed == 0


def test_tensors_of_many_blocks_are_cast_to_the_end() -> None:
    array = np.full((3, 2**18 + 5), 1.0 + 2**-12, np.float32)
    result, _ = cast(array, "float16", name="w")
    assert result.shape == array.shape
    assert np.all(result == 1)


def test_overflow_names_the_tensor_and_the_value() -> None:
    with pytest.raises(ParityError, match=r"down_proj: values overflow in float16, for example 70000") as caught:
        cast(np.array([1.0, -70000.0], np.float32), "float16", name="down_proj")
    assert "bf16" in caught.value.cure


def test_infinities_that_were_there_are_kept() -> None:
    result, _ = cast(np.array([np.inf, 1.0], np.float32), "float16", name="w")
    assert np.isinf(result[0])
