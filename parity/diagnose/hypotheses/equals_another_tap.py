"""An output that is another tensor: an alias, a stale buffer, a mark on the wrong tensor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import captured_columns, captured_names, columns, token_weights
from parity.diagnose.hypothesis import EVERY_OPERATION, Hypothesis, Prediction
from parity.diagnose.thinning import thinned
from parity.replay.arrays import widened
from parity.replay.predict import Captured

__all__ = ["EQUALS_ANOTHER_TAP"]

_STILL_LEFT = 0.05


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Every tap of this width, of the candidate and of the reference, is compared with the output."""
    if "key" in case.tap.axes:
        return
    thin = thinned(case)
    weights = token_weights(thin)[:, None]
    output = columns(thin, thin.output) * weights
    enough = _STILL_LEFT * float(np.square(columns(thin, thin.residual) * weights).sum())
    for owner, some, captured, without in _sides(case, thin):
        for name in captured_names(case, output.shape[1], without=without):
            if name in some and float(np.square(captured_columns(thin, some, name) * weights - output).sum()) <= enough:
                other = widened(captured[name]).reshape(case.output.shape)
                yield Prediction(f"the output is {owner} {name}", other, fitted=1, copied=some is thin.candidate)


def _sides(case: SourceCase, thin: SourceCase) -> Iterator[tuple[str, Captured, Captured, tuple[str, ...]]]:
    """Whose taps, at some tokens and at all, and which of them say nothing."""
    yield "the candidate's own", thin.candidate, case.candidate, (case.tap.name,)
    yield "the reference's", thin.truth, case.truth, ()


EQUALS_ANOTHER_TAP = Hypothesis("equals_another_tap", EVERY_OPERATION, _predict, rank=7)
