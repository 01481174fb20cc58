"""q in the place of k and k in the place of q."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from parity.diagnose.attention_rows import AttentionRows
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction

__all__ = ["QUERY_KEY_EXCHANGED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """score(i, j) = k_i·q_j: the scores are transposed."""
    all_queries = np.where(np.isfinite(case.inputs[0]), case.inputs[0], 0.0)

    def inputs(rows: AttentionRows) -> AttentionRows:
        own = rows.keys[rows.rows.prompts, rows.rows.places]  # [row, kv_head, channel]
        return replace(rows, queries=np.repeat(own, rows.heads // own.shape[1], axis=1), keys=all_queries)

    return attention_predictions(
        case, [Guess("q and k are exchanged: scores are transposed", Variation(inputs=inputs))]
    )


QUERY_KEY_EXCHANGED = Hypothesis("query_key_exchanged", ("scores", "attention"), _predict, rank=1)
