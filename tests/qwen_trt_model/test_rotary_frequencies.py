from __future__ import annotations

import numpy as np
import pytest

from qwen_trt_model.graph.rotary import inverse_frequencies

torch = pytest.importorskip("torch", reason="PyTorch's own frequencies are the reference")


def transformers_frequencies(head_size: int, base: float) -> np.ndarray:
    """As `compute_default_rope_parameters` in transformers 5 has them."""
    exponents = torch.arange(0, head_size, 2, dtype=torch.int64).to(dtype=torch.float) / head_size
    return (1.0 / (base**exponents)).numpy()


@pytest.mark.parametrize("head_size", [8, 16, 32, 64])
@pytest.mark.parametrize("base", [1e4, 1e6])
def test_frequencies_are_transformers_bit_by_bit(head_size: int, base: float) -> None:
    assert np.array_equal(inverse_frequencies(head_size, base), transformers_frequencies(head_size, base))


@pytest.mark.parametrize("head_size", [64, 80, 96, 128, 256])
@pytest.mark.parametrize("base", [1e4, 1e5, 5e5, 1e6, 5e6, 1e7, 12345.6])
def test_no_frequency_is_more_than_one_last_place_from_transformers(head_size: int, base: float) -> None:
    ours, theirs = inverse_frequencies(head_size, base), transformers_frequencies(head_size, base)
    assert np.all(np.abs(ours - theirs) <= np.spacing(theirs))
    assert np.mean(ours == theirs) > 0.9
