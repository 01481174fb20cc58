"""Outputs that are zero."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, changed_output, with_massive_activations

GATE, Q = "layers.1.gate", "layers.1.q"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("tap", "kept", "words"),
    [
        (GATE, np.zeros(96), "the output is zero"),
        (GATE, np.arange(96) != 17, "the output is zero in channel 17"),
        (GATE, np.arange(96) < 48, "the output is zero in channels 48–95"),
        (Q, (np.arange(4) != 2)[:, None], "the output is zero in head 2"),
    ],
)
def test_channels_and_heads_are_named(tap: str, kept: np.ndarray, words: str, dtype: str) -> None:
    cause = cause_of(tap, changed_output(tap, lambda y: y * kept), dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("zeroed", words)


@pytest.mark.parametrize("reference", [None, with_massive_activations()])
def test_tokens_are_named(reference) -> None:  # type: ignore[no-untyped-def]
    fault = changed_output("layers.1.resid_mid", lambda y: y * (np.arange(y.shape[1]) < 30)[:, None])
    cause = cause_of("layers.1.resid_mid", fault, reference=reference)
    assert (cause.hypothesis, cause.sentence) == ("zeroed", "the output is zero at tokens 30–47")
