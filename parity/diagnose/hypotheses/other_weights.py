"""A linear map with weights that are none of the reference's."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, input_columns, token_weights
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_fit import fitted_map
from parity.diagnose.linear_replay import stored_weight
from parity.replay.arrays import Floats

__all__ = ["OTHER_WEIGHTS"]

_TOKENS_PER_CHANNEL = 1.8
_PARTS = 8
_WIDEST = 1024


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Weights fitted to seven eighths of the tokens predict the last eighth, each in turn.

    So that noise can't be fitted: what is predicted was not seen.
    """
    x, output, weights = input_columns(case), columns(case, case.output), token_weights(case)
    if x.shape[1] > _WIDEST or len(x) < _TOKENS_PER_CHANNEL * (x.shape[1] + 1):
        return
    design = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    part, predicted = np.arange(len(x)) % _PARTS, np.empty_like(output)
    for unseen in range(_PARTS):
        seen = part != unseen
        solved = fitted_map(design[seen], output[seen], weights=weights[seen])
        predicted[~seen] = design[~seen] @ solved
    noun = "head" if case.tap.kind == "logits" else "map"
    distance = np.linalg.norm(solved[:-1].T - stored_weight(case)) / np.linalg.norm(stored_weight(case))
    sentence = (
        f"{case.tap.kind} is a linear {noun} of its input, with weights {distance:.2g} away from this model's "
        "(as a part of their norm)"
    )
    yield Prediction(sentence, _in_place(case, predicted))


def _in_place(case: SourceCase, rows: Floats) -> Floats:
    """`rows` of real tokens in an array with the axes of the tap; padding as the candidate has it."""
    output: Floats = case.output.copy()
    output[case.reference.tokens.mask] = rows.reshape(len(rows), *case.output.shape[2:])
    return output


OTHER_WEIGHTS = Hypothesis("other_weights", ("linear",), _predict, rank=90, needs_all_tokens=True)
