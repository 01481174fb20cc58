"""Keys and values behind a quantised cache."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from attention_faults import attending
from planting import DTYPES, cause_of

from parity.replay import Reference
from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


def fp8(x: Floats) -> Floats:
    return x.astype(ml_dtypes.float8_e4m3fn).astype(np.float64)


def int8(x: Floats) -> Floats:
    scale = np.abs(x).max(axis=-1, keepdims=True) / 127
    return np.rint(x / np.where(scale > 0, scale, 1.0)) * scale


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["keys and values", "keys", "values"])
def test_fp8_without_a_scale(kind: str, dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        q, k, v = inputs
        return attending()(reference, (q, fp8(k) if "keys" in kind else k, fp8(v) if "values" in kind else v))

    cause = cause_of(CONTEXT, fault, dtype=dtype)
    assert cause.hypothesis == "cache_quantised"
    assert cause.sentence == f"{kind} are rounded to fp8 e4m3 without a scale, as in a quantised cache"


def test_int8_by_token_and_head() -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return attending()(reference, (inputs[0], int8(inputs[1]), int8(inputs[2])))

    assert "int8 by a scale of each token and head" in cause_of(CONTEXT, fault).sentence
