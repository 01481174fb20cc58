"""Norms applied several times."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, norm_weight

from parity.replay.arrays import Floats
from parity.replay.ops import rms_norm
from parity.replay.replay import Reference


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("times", [2, 3])
def test_the_number_is_told(times: int, dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        output = inputs[0]
        for _ in range(times):
            output = rms_norm(output, norm_weight(reference, "final_norm"), epsilon=1e-6)
        return output

    cause = cause_of("final_norm", fault, dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("norm_repeated", f"the norm is applied {times} times")
