"""Planting coarse operands into attention."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from numpy_decoder import Fault, graph_of, make_reference
from planting import DTYPES, cause_of

from parity.replay import replay
from parity.replay.arrays import Floats
from parity.replay.replay import Reference

CONTEXT, SCORES = "layers.1.attn_ctx", "layers.1.scores"
LONG = make_reference(lengths=(60, 40))


def reading(*changes: object, tap: str = CONTEXT) -> Fault:
    """Attention whose inputs q, k and v went through `changes` first."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        changed = [change(x) if change else x for change, x in zip(changes, inputs, strict=True)]  # type: ignore[operator]
        return replay(reference, graph_of(reference)[tap], changed)

    return fault


def through(dtype: type) -> object:
    return lambda x: x.astype(dtype).astype(np.float64)


def int8(x: Floats) -> Floats:
    step = np.abs(x).max() / 127
    return np.rint(x / step) * step


FP8, BF16 = through(ml_dtypes.float8_e4m3fn), through(ml_dtypes.bfloat16)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ((None, FP8, FP8), "k and v are rounded to fp8 e4m3"),
        ((FP8, FP8, FP8), "q, k and v are rounded to fp8 e4m3"),
        ((None, None, FP8), "v is rounded to fp8 e4m3"),
        ((None, int8, int8), "k and v are quantised to int8, with a scale for each tensor"),
    ],
)
def test_which_operands_and_how_is_named(changes: tuple[object, ...], words: str, dtype: str) -> None:
    if dtype == "bfloat16" and changes[1] is int8:
        pytest.skip("no coarser than bf16 itself")
    cause = cause_of(CONTEXT, reading(*changes), dtype=dtype, reference=LONG)
    assert (cause.hypothesis, cause.sentence) == ("attention_operands_rounded", words)


def test_a_kernel_in_bf16_is_named_in_an_fp32_candidate() -> None:
    cause = cause_of(CONTEXT, reading(BF16, BF16, None), reference=LONG)
    assert (cause.hypothesis, cause.sentence) == ("attention_operands_rounded", "q and k are rounded to bf16")
