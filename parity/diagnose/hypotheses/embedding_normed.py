"""A norm behind the embedding that is not in the model."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats, widened

__all__ = ["EMBEDDING_NORMED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """RMS norm without a weight or with that of the first layer, LayerNorm, or unit length."""
    x, epsilon = case.predicted, case.settings.norm_epsilon
    normed = _normed(x, epsilon)
    yield Prediction("an RMS norm without weight is applied to the embedding", normed)
    yield Prediction("a LayerNorm without weight is applied to the embedding", _normed(_centred(x), epsilon))
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    yield Prediction("embeddings are brought to length 1", np.divide(x, length, out=np.zeros_like(x), where=length > 0))
    weight = case.reference.weights.parameters("layers.0.input_norm").weight
    if weight is not None:
        yield Prediction("the first layer's input_norm is applied to the embedding itself", normed * widened(weight))


def _normed(x: Floats, epsilon: float) -> Floats:
    result: Floats = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + epsilon)
    return result


def _centred(x: Floats) -> Floats:
    result: Floats = x - x.mean(axis=-1, keepdims=True)
    return result


EMBEDDING_NORMED = Hypothesis("embedding_normed", ("embedding",), _predict, rank=3)
