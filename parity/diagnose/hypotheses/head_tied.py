"""An output head that is the embedding, although the model is untied."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output
from parity.replay.arrays import widened

__all__ = ["HEAD_TIED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    if case.tap.kind != "logits" or "embed" not in case.graph:
        return
    table, excerpt = case.reference.weights.parameters("embed").weight, linear_excerpt(case)
    if table is not None and excerpt.is_promising(excerpt.linear(widened(table[excerpt.channels]))):
        yield Prediction(
            "the embedding serves as output head, although this model has one of its own",
            linear_output(case, weight=widened(table)),
        )


HEAD_TIED = Hypothesis("head_tied", ("linear",), _predict, rank=1)
