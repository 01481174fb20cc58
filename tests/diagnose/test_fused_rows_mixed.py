"""Fused weights split or ordered wrongly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import Fault
from planting import cause_of, weight_and_bias

from parity.replay.arrays import Floats
from parity.replay.ops import linear
from parity.replay.replay import Reference

QKV, GATE_UP = ("q", "k", "v"), ("gate", "up")
# 64 rows of q, 32 of k, 32 of v; two groups of 2 query heads, one key head and one value head
GROUPED = np.concatenate(
    [part.reshape(2, -1) for part in (np.arange(64), np.arange(64, 96), np.arange(96, 128))], axis=1
).ravel()
IN_TURN = np.stack([np.arange(96), np.arange(96, 192)], axis=1).ravel()


def rows_of(kinds: tuple[str, ...], rows: np.ndarray | slice) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        parts = [weight_and_bias(reference, f"layers.1.{kind}") for kind in kinds]
        weight, bias = (np.concatenate([part[i] for part in parts])[rows] for i in (0, 1))
        return linear(inputs[0], weight, bias)

    return fault


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    ("kind", "rows", "words"),
    [
        ("q", slice(32, 96), "channels 0–63 are rows 32 of q to 31 of k"),
        ("k", slice(48, 80), "channels 0–31 are rows 48 of q to 15 of k"),
        ("v", slice(80, 112), "channels 0–31 are rows 16 of k to 15 of v"),
    ],
)
def test_a_split_at_the_wrong_row_is_named(kind: str, rows: slice, words: str, dtype: str) -> None:
    cause = cause_of(f"layers.1.{kind}", rows_of(QKV, rows), dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("fused_rows_mixed", words)


@pytest.mark.parametrize(("kind", "part"), [("q", slice(0, 64)), ("k", slice(64, 96)), ("v", slice(96, 128))])
@pytest.mark.parametrize(
    ("order", "words"),
    [
        (GROUPED, "weights stored grouped by key head (queries, key, value) are read one below the other"),
        (np.argsort(GROUPED), "weights stored one below the other are read grouped by key head (queries, key, value)"),
    ],
)
def test_grouped_layouts_are_named(kind: str, part: slice, order: np.ndarray, words: str) -> None:
    cause = cause_of(f"layers.1.{kind}", rows_of(QKV, order[part]))
    assert (cause.hypothesis, cause.sentence) == ("fused_rows_mixed", words)


@pytest.mark.parametrize(("kind", "part"), [("gate", slice(0, 96)), ("up", slice(96, 192))])
def test_interleaved_gate_and_up_are_named(kind: str, part: slice) -> None:
    cause = cause_of(f"layers.1.{kind}", rows_of(GATE_UP, IN_TURN[part]))
    assert cause.hypothesis == "fused_rows_mixed"
    assert "row by row in turn" in cause.sentence


def test_a_wild_mixture_is_counted() -> None:
    chosen = np.random.default_rng(1).permutation(192)[:96]
    cause = cause_of("layers.1.gate", rows_of(GATE_UP, chosen))
    assert cause.hypothesis == "fused_rows_mixed"
    assert f"{int((chosen >= 96).sum())} of up" in cause.sentence
