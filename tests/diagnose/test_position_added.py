"""Positions added to the embedding."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import make_reference
from planting import DTYPES, cause_of

from parity.replay import replay
from parity.replay.arrays import Floats
from parity.replay.replay import Reference
from parity.taps import Tap

EMBED = Tap("embed", "embedding", (), ("batch", "token", "channel"), (None, None, 64))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("in_turn", [True, False])
def test_sinusoids_are_named(in_turn: bool, dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        angles = reference.tokens.positions[..., None] * 1e4 ** (-np.arange(32) / 32)
        pair = [np.sin(angles), np.cos(angles)]
        added = np.stack(pair, axis=-1).reshape(*angles.shape[:2], 64) if in_turn else np.concatenate(pair, axis=-1)
        return replay(reference, EMBED, ()) + added

    cause = cause_of("embed", fault, dtype=dtype)
    assert cause.hypothesis == "position_added"
    assert ("sines and cosines in turn" in cause.sentence) == in_turn


def test_learned_positions_are_recognised_from_prompt_to_prompt() -> None:
    learned = np.random.default_rng(0).normal(0, 0.02, (30, 64))
    reference = make_reference(lengths=(30, 30, 30))
    cause = cause_of("embed", lambda r, inputs: replay(r, EMBED, ()) + learned, reference=reference)
    assert cause.hypothesis == "position_added"
    assert "depends on the position alone" in cause.sentence
