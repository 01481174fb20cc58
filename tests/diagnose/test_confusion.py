"""Each fault, with all hypotheses present, long prompts and massive activations: is its own cause named first?"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from fault_catalogue import PlantedFault, planted_faults
from numpy_decoder import QWEN2, QWEN3, make_case, make_reference
from planting import put_out, with_outliers

from parity.diagnose import HYPOTHESES, explain
from parity.replay.replay import Reference

FAULTS = tuple(planted_faults())


@cache
def long_prompts(qwen3: bool) -> Reference:
    """More tokens than a search looks at, so that hypotheses are tried on some of them first."""
    return with_outliers(make_reference(QWEN3 if qwen3 else QWEN2, lengths=(70, 60)))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("planted", FAULTS, ids=[f"{planted.cause}-{planted.tap}" for planted in FAULTS])
def test_the_right_cause_stands_first(planted: PlantedFault, dtype: str) -> None:
    reference = long_prompts(planted.qwen3)
    if planted.fault is not None:
        case = make_case(reference, planted.tap, planted.fault, dtype=dtype)
    else:
        assert planted.stored is not None
        case = put_out(planted.tap, planted.stored, dtype=dtype, reference=reference)
    causes = explain(case, HYPOTHESES)
    assert causes
    assert causes[0].hypothesis in planted.names, causes
    assert causes[0].noise_ratio is not None
    assert causes[0].noise_ratio < 2


def test_every_specific_cause_of_these_operations_is_planted() -> None:
    ops = {"linear", "embedding", "rms_norm", "silu_mul", "add"}
    elsewhere = {
        "wrong_input",
        "extra_term",
        "equals_another_tap",
        "overflowed",
        "other_weights",
        "activation_unknown",
    }
    expected = {hypothesis.name for hypothesis in HYPOTHESES if ops & set(hypothesis.ops)}
    planted = {planted.cause for planted in FAULTS}
    assert expected - planted - elsewhere == set()
    assert np.all([name in expected for name in planted])
