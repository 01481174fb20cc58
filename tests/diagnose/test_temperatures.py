"""The factor on the scores, solved for each query and head."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import attending
from numpy_decoder import make_case
from planting import qwen2

from parity.diagnose.attention_tap import attention_tap
from parity.diagnose.temperatures import common_factor, factor_of_each_head, temperatures

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("factor", [1 / 8, 0.9, 4.0])
def test_a_common_factor_is_found_to_the_precision_of_the_candidate(factor: float) -> None:
    case = make_case(qwen2(), CONTEXT, attending(scores=lambda parts: factor * parts.scores))
    assert common_factor(case) == pytest.approx(factor, rel=1e-6)


def test_each_head_has_its_own() -> None:
    factors = np.array([0.5, 1.0, 1.5, 3.0])
    case = make_case(qwen2(), CONTEXT, attending(scores=lambda parts: factors[:, None, None] * parts.scores))
    assert factor_of_each_head(case) == pytest.approx(factors, rel=1e-6)


def test_each_query_has_its_own() -> None:
    factors = 1 + np.arange(48) / 48
    case = make_case(qwen2(), CONTEXT, attending(scores=lambda parts: factors[:, None] * parts.scores))
    found, rows = temperatures(case), attention_tap(case).sample.rows.rows
    sharp = found.information > 1e-6 * found.information.max()
    expected = np.broadcast_to(factors[rows.places][:, None], found.factors.shape)
    assert found.factors[sharp] == pytest.approx(expected[sharp], rel=1e-2)
    assert not sharp[rows.ordinals == 0].any()  # a query with a single key has no temperature
