"""An embedding with a factor, √hidden as Gemma has it or another."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.factors import likely_factors, named_factor
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.proportion import proportion

__all__ = ["EMBEDDING_SCALED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    solved = proportion(case, case.predicted)
    for factor in likely_factors(solved):
        if factor != 1 and solved != 0:
            words = named_factor(factor, shape=case.settings.shape)
            yield Prediction(f"the embedding is multiplied by {words}", factor * case.predicted, int(factor == solved))


EMBEDDING_SCALED = Hypothesis("embedding_scaled", ("embedding",), _predict, rank=1)
