"""Another tensor added on top, once, several times or with the wrong sign."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import captured_columns, captured_names, columns, token_weights
from parity.diagnose.factors import likely_factors
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.thinning import thinned
from parity.replay.arrays import widened

__all__ = ["EXTRA_TERM"]

_LEAST_SHARE = 0.3


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The residual is compared with every captured tap of the same width."""
    thin = thinned(case)
    weights = token_weights(thin)[:, None]
    residual = columns(thin, thin.residual) * weights
    whole = float(np.square(residual).sum())
    known = (case.tap.name, *(case.tap.inputs if case.tap.op == "add" else ()))
    for name in captured_names(case, residual.shape[1], without=known):
        extra = captured_columns(thin, thin.candidate, name) * weights
        size, overlap = float(np.square(extra).sum()), float((extra * residual).sum())
        if size > 0 and overlap**2 >= _LEAST_SHARE * size * whole:
            added = widened(case.candidate[name]).reshape(case.output.shape)
            for factor in likely_factors(overlap / size):
                fitted = 1 + int(factor == overlap / size)
                yield Prediction(_sentence(name, factor), case.predicted + factor * added, fitted)


def _sentence(name: str, factor: float) -> str:
    if factor in (1, -1):
        return f"{name} is {'added' if factor > 0 else 'subtracted'} on top"
    return f"{factor:.4g} times {name} is added on top"


EXTRA_TERM = Hypothesis("extra_term", ("add", "linear", "embedding", "rms_norm"), _predict, rank=6)
