"""Attention laid out by query gives what replay gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from attention_faults import SCORES_TOO, padded_on_the_left, windowed
from numpy_decoder import graph_of, make_case, make_reference
from planting import changed_output, qwen2

from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import Variation
from parity.diagnose.case import SourceCase
from parity.replay import Reference

REFERENCES = {
    "right": qwen2(),
    "left": padded_on_the_left(qwen2()),
    "window": windowed(qwen2(), 7),
    "short": make_reference(lengths=(1, 3, 2)),
}


def clean_case(reference: Reference, kind: str) -> SourceCase:
    tap = f"layers.1.{kind}"
    return make_case(reference, tap, changed_output(tap, lambda y: y), taps=SCORES_TOO)


@pytest.mark.parametrize("reference", REFERENCES.values(), ids=REFERENCES)
@pytest.mark.parametrize("kind", ["attn_ctx", "probs", "scores"])
def test_an_unchanged_variation_is_the_reference(reference: Reference, kind: str) -> None:
    tap = attention_tap(clean_case(reference, kind))
    for chosen, rows in tap.blocks():
        output = Variation().output(rows, tap.op)
        seen = True if tap.judged is None else tap.judged[chosen]
        assert np.where(seen, output, 0) == pytest.approx(np.where(seen, tap.predicted[chosen], 0), abs=1e-12)


def test_padding_that_is_not_finite_does_no_harm() -> None:
    case = clean_case(qwen2(), "attn_ctx")
    pad = ~case.reference.tokens.mask
    inputs = tuple(array.copy() for array in case.inputs)
    for array in inputs:
        array[pad] = np.nan
    tap: AttentionTap = attention_tap(replace(case, inputs=inputs))
    for chosen, rows in tap.blocks():
        assert Variation().output(rows, tap.op) == pytest.approx(tap.predicted[chosen], abs=1e-12)


def test_a_sample_holds_queries_that_are_off_and_others() -> None:
    name = "layers.1.attn_ctx"
    reference = make_reference(lengths=(300, 200))
    off = np.zeros((2, 300, 1, 1))
    off[1, 150:] = 1
    case = make_case(reference, name, changed_output(name, lambda y: y + off))
    sample = attention_tap(case).sample
    wrong = sample.squares(sample.predicted).sum(axis=(1, 2)) > 1
    assert 0.4 < wrong.mean() < 0.8
    assert len(sample.rows.rows) <= 48
    assert graph_of(reference)[name].op == sample.op
