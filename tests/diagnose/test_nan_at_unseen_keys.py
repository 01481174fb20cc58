"""Planting NaN behind the masks of attention."""

from __future__ import annotations

import numpy as np
from numpy_decoder import graph_of, make_case, make_reference
from planting import qwen2

from parity.diagnose import HYPOTHESES, explain
from parity.replay import replay
from parity.replay.arrays import Floats
from parity.replay.replay import Reference

CONTEXT = "layers.1.attn_ctx"


def padding_of_nan(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:

    right = replay(reference, graph_of(reference)[CONTEXT], inputs)
    padded = ~reference.tokens.mask.all(axis=1)
    return np.where(padded[:, None, None, None], np.nan, right)


def test_nan_in_every_prompt_that_has_padding_is_named() -> None:
    causes = explain(make_case(qwen2(), CONTEXT, padding_of_nan), HYPOTHESES)
    assert causes[0].hypothesis == "nan_at_unseen_keys"
    assert causes[0].explained_share == 1


def test_nan_elsewhere_is_not() -> None:
    def nan_in_a_channel(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:

        right = replay(reference, graph_of(reference)[CONTEXT], inputs)
        right[..., 3] = np.nan
        return right

    assert explain(make_case(make_reference(), CONTEXT, nan_in_a_channel), HYPOTHESES) == ()
