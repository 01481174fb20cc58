"""Arrays on their way out of the model."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from parity.hooks.delivery import host_array
from parity.taps import DecoderShape, decoder_taps

_GRAPH = decoder_taps(DecoderShape(layers=1, hidden=6, heads=2, kv_heads=1, head_dim=3, intermediate=8, vocabulary=9))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_a_transposed_view_becomes_a_contiguous_copy_of_the_same_numbers(dtype: torch.dtype) -> None:
    tensor = torch.arange(24, dtype=dtype).reshape(1, 2, 4, 3)
    array = host_array(tensor.transpose(1, 2), _GRAPH["layers.0.q_rope"])
    assert array.flags.c_contiguous
    np.testing.assert_array_equal(array.astype(np.float64), tensor.transpose(1, 2).double().numpy())


def test_heads_kept_in_one_axis_are_split() -> None:
    tensor = torch.arange(24.0).reshape(1, 4, 6)
    array = host_array(tensor, _GRAPH["layers.0.q"])
    assert array.shape == (1, 4, 2, 3)
    np.testing.assert_array_equal(array[0, 1, 1], [9, 10, 11])


def test_writing_to_the_tensor_does_not_reach_the_array() -> None:
    tensor = torch.zeros(1, 4, 6)
    array = host_array(tensor, _GRAPH["layers.0.attn_out"])
    tensor.fill_(1)
    assert not array.any()
