"""The tap graph and how taps are asked for."""

from __future__ import annotations

import pytest

from parity.errors import ParityError
from parity.taps import DecoderShape, Tap, TapGraph, decoder_taps, select_taps

QWEN2 = DecoderShape(2, 16, 4, 2, 4, 24, 11)
QWEN3 = DecoderShape(2, 16, 4, 2, 8, 24, 11, qk_norm=True)


@pytest.mark.parametrize("shape", [QWEN2, QWEN3])
def test_every_tap_stands_after_its_inputs(shape: DecoderShape) -> None:
    seen: set[str] = set()
    for tap in decoder_taps(shape):
        assert set(tap.inputs) <= seen, tap.name
        seen.add(tap.name)


@pytest.mark.parametrize("shape", [QWEN2, QWEN3])
def test_every_tap_but_the_logits_is_used(shape: DecoderShape) -> None:
    graph = decoder_taps(shape)
    used = {name for tap in graph for name in tap.inputs}
    assert set(graph.names) - used == {"logits", "layers.0.probs", "layers.1.probs"}


def test_norms_of_queries_and_keys_belong_to_qwen3() -> None:
    assert "layers.0.q_norm" not in decoder_taps(QWEN2)
    assert decoder_taps(QWEN3)["layers.0.q_rope"].inputs == ("layers.0.q_norm",)


def test_an_explicit_head_dim_sets_the_size_of_queries() -> None:
    assert decoder_taps(QWEN3)["layers.0.q"].sizes == (None, None, 4, 8)


def test_sets_are_nested_and_ordered() -> None:
    graph = decoder_taps(QWEN2)
    layers, blocks, everything = (
        [tap.name for tap in select_taps(graph, name)] for name in ("layers", "blocks", "all")
    )
    assert layers == ["embed", "layers.0.resid_out", "layers.1.resid_out", "final_norm", "logits"]
    assert set(layers) < set(blocks) < set(everything)
    assert everything == [name for name in graph.names if name in everything]


def test_scores_come_only_where_they_are_asked_for() -> None:
    graph = decoder_taps(QWEN2)
    assert not any(tap.on_request for tap in select_taps(graph, "all"))
    named = select_taps(graph, "layers, layers.1.scores")
    assert [tap.kind for tap in named if tap.on_request] == ["scores"]


def test_a_pattern_that_matches_nothing_is_refused() -> None:
    with pytest.raises(ParityError, match=r"'layers\.7\.\*' matches none"):
        select_taps(decoder_taps(QWEN2), "all,layers.7.*")


def test_a_name_stands_once() -> None:
    tap = Tap("embed", "embedding", (), ("batch",), (None,))
    with pytest.raises(ParityError, match="stands twice"):
        TapGraph((tap, tap))
