"""Local and inherited error by token."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import graph_of, make_reference, run

from parity.diagnosis import LocalError
from parity.dtypes import dtype_info
from parity.replay import Sides, analyse_local, replay
from parity.replay.arrays import Floats
from parity.replay.replay import Reference
from parity.replay.roles import local_error

REFERENCE = make_reference()
GRAPH = graph_of(REFERENCE)
SOURCE = "layers.0.attn_out"
PROMPT, POSITION = 1, 3


def wrong_at_one_token(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    right = replay(reference, GRAPH[SOURCE], inputs)
    first = int(reference.tokens.mask[PROMPT].argmax())
    right[PROMPT, first + POSITION] *= 1.5
    return right


@pytest.fixture(scope="module")
def sides() -> Sides:
    faulty = run(REFERENCE, "float16", seed=2, faults={SOURCE: wrong_at_one_token})
    return Sides(run(REFERENCE, "float64"), faulty, run(REFERENCE, "float16", seed=1), dtype_info("float16"))


def error_of(tap: str, sides: Sides) -> LocalError:
    return local_error(analyse_local(REFERENCE, GRAPH, GRAPH[tap], sides), REFERENCE.tokens)


def flat_place() -> int:
    return sum(REFERENCE.tokens.lengths[:PROMPT]) + POSITION


def test_the_token_at_which_an_operation_errs_is_named(sides: Sides) -> None:
    error = error_of(SOURCE, sides)
    worst = error.worst_local_tokens[0]
    assert (worst.prompt, worst.position) == (PROMPT, POSITION)
    assert worst.rel_l2 == pytest.approx(0.5, rel=0.01)
    assert worst.noise_ratio == pytest.approx(error.worst_token_local_noise_ratio)


def test_profiles_show_where_an_error_is_born_and_where_it_is_inherited(sides: Sides) -> None:
    source, heir = error_of(SOURCE, sides).profile, error_of("layers.0.resid_mid", sides).profile
    assert source is not None
    assert heir is not None
    assert len(source.local_noise_ratio) == -(-sum(REFERENCE.tokens.lengths) // source.bucket)
    at = flat_place() // source.bucket
    assert np.argmax(source.local_noise_ratio) == np.argmax(heir.inherited_noise_ratio) == at
    assert source.local_noise_ratio[at] > 100
    assert heir.local_noise_ratio[at] < 4
    assert source.inherited_noise_ratio[at] < 4
