"""How attention's own noise is spread over tokens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy_decoder import graph_of, make_reference, run

from parity.dtypes import dtype_info
from parity.metrics import noise_metrics
from parity.replay import Sides, analyse_local
from parity.replay.arrays import Floats
from parity.replay.ops import attention, attention_mask
from parity.replay.ops.attention import attention_sensitivity, attention_values
from parity.replay.ops.probabilities import probabilities
from parity.replay.ops.scores import scores

REFERENCE = make_reference(lengths=(90, 60))
GRAPH = graph_of(REFERENCE)
CONTEXT = "layers.1.attn_ctx"
LOUD = 4.0


def made(seed: int) -> tuple[Floats, Floats, Floats, np.ndarray]:
    rng = np.random.default_rng(seed)
    q, k, v = (LOUD * rng.standard_normal((2, 30, heads, 8)) for heads in (4, 2, 2))
    return q, k, v, attention_mask(np.ones((2, 30), dtype=np.bool_))


def test_it_is_the_spread_that_independent_errors_of_the_scores_make() -> None:
    q, k, v, mask = made(0)
    exact, terms = scores(q, k, scale=0.3), scores(np.abs(q), np.abs(k), scale=0.3)
    right = attention(q, k, v, mask, scale=0.3)
    rng, size = np.random.default_rng(1), 1e-6
    draws = []
    for _ in range(200):
        wrong = exact + size * terms * rng.standard_normal(terms.shape)
        draws.append(np.square(attention_values(probabilities(wrong, mask[:, None]), v) - right).sum(axis=(2, 3)))
    measured = np.sqrt(np.mean(draws, axis=0)) / size
    expected = attention_sensitivity(q, k, v, mask, scale=0.3)
    np.testing.assert_allclose(measured[:, 1:], expected[:, 1:], rtol=0.3)
    assert (expected[:, 0] < 1e-6 * expected[:, 1:].max()).all()  # the first token sees nothing but itself


def in_fp32(captured: dict[str, np.ndarray], seed: int) -> np.ndarray:
    """Attention in fp32 with its sums in another order for each seed, on the inputs that were captured."""
    q, k, v = (LOUD * captured[name].astype(np.float32) for name in GRAPH[CONTEXT].inputs)
    order = np.random.default_rng(seed).permutation(q.shape[-1])
    scale = np.float32(REFERENCE.weights.settings.attention_scale)
    return attention(q[..., order], k[..., order], v, attention_mask(REFERENCE.tokens.mask), scale=scale)


def test_no_order_of_sums_is_called_wrong_at_any_token() -> None:
    """One draw of noise at a token says little of another one: without its spread, sound runs would be condemned."""
    info, worst, unspread = dtype_info("float32"), 0.0, 0.0
    for seed in range(12):
        arrays = run(REFERENCE, "float32", seed=3)
        loud = {name: LOUD * arrays[name] for name in GRAPH[CONTEXT].inputs}
        exact = {name: array.astype(np.float64) for name, array in loud.items()}
        right = attention(
            *(exact[name] for name in GRAPH[CONTEXT].inputs),
            attention_mask(REFERENCE.tokens.mask),
            scale=REFERENCE.weights.settings.attention_scale,
        )
        sides = Sides(
            {**exact, CONTEXT: right},
            {**loud, CONTEXT: in_fp32(arrays, 2 * seed)},
            {**loud, CONTEXT: in_fp32(arrays, 2 * seed + 1)},
            info,
        )
        found = analyse_local(REFERENCE, GRAPH, GRAPH[CONTEXT], sides)
        worst = max(worst, noise_metrics(found.local, found.local_floor).worst_token_noise_ratio)
        plain = replace(found.local_floor, spread=None)
        unspread = max(unspread, noise_metrics(found.local, plain).worst_token_noise_ratio)
    assert worst < 4
    assert unspread > worst
