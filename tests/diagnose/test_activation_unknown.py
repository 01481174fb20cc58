"""Functions of the gate that have no name."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import make_case, make_reference
from planting import DTYPES

from parity.diagnose import HYPOTHESES, explain


@pytest.mark.parametrize("dtype", DTYPES)
def test_it_is_described_as_a_function_of_the_gate(dtype: str) -> None:
    reference = make_reference(lengths=(150, 100))
    fault = lambda reference, inputs: np.sin(2 * inputs[0]) * inputs[1]  # noqa: E731
    cause = explain(make_case(reference, "layers.1.act", fault, dtype=dtype), HYPOTHESES)[0]
    assert cause.hypothesis == "activation_unknown"
    assert cause.explained_share > 0.99
