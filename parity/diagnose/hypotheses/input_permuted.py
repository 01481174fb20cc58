"""A linear map that reads its input's channels in another order, as after a wrong reshape or merge of heads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, input_columns, token_weights
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.input_gains import input_gains
from parity.diagnose.linear_fit import fitted_map
from parity.diagnose.linear_replay import linear_output, stored_bias
from parity.diagnose.matching import Matches, match_columns
from parity.diagnose.permutation import Order, layout_orders, named_order, solved_orders
from parity.diagnose.words import head_layout
from parity.replay.arrays import Floats, widened

__all__ = ["INPUT_PERMUTED"]

_SOLVED_WIDTH = 1024
_TOKENS = 256
_FAINT = 0.1
_FEW = 8
_OFF = 0.5


def _predict(case: SourceCase) -> Iterable[Prediction]:
    excerpt, (heads, head_dim) = linear_excerpt(case), head_layout(case.graph[case.tap.inputs[0]])
    for order in (*layout_orders(heads, head_dim), *_few(case), *_solved(case, heads, head_dim)):
        if excerpt.is_promising(excerpt.linear(excerpt.weight, x=excerpt.x[:, order.channels])):
            flat = case.inputs[0].reshape(*case.inputs[0].shape[:2], -1)
            sentence = f"the channels of {case.tap.inputs[0]} are {order.name} when {case.tap.kind} reads them"
            yield Prediction(sentence, linear_output(case, x=flat[..., order.channels]), order.fitted)


def _few(case: SourceCase) -> Iterator[Order]:
    """Few channels that count for little in their own place: what stands in for each is solved for and recognised."""
    gains, width = input_gains(case), head_layout(case.graph[case.tap.inputs[0]])
    if gains is None or not 1 < (odd := np.flatnonzero(np.abs(gains - 1) > _OFF)).size <= _FEW:
        return
    excerpt = linear_excerpt(case)
    inverse = np.linalg.pinv(excerpt.weight[:, odd])  # [odd, channel]
    read = excerpt.residual @ inverse.T + excerpt.x[:, odd]  # [row, odd]: what was read in their place
    distances = np.square(read[:, :, None] - excerpt.x[:, None, odd]).sum(axis=0)  # [odd, odd]
    order = np.arange(width[0] * width[1])
    order[odd] = odd[distances.argmin(axis=1)]
    found = named_order(order, *width)
    if found is not None:
        yield found


def _solved(case: SourceCase, heads: int, head_dim: int) -> Iterator[Order]:
    """Orders read off the map that the candidate's output speaks of; only likely ones where that map is uncertain."""
    x = input_columns(case)
    chosen = np.unique(np.linspace(0, len(stored_bias(case)) - 1, 2 * x.shape[1]).astype(np.intp))
    effect = (columns(case, case.output) - stored_bias(case))[:, chosen]  # [row, out]
    stored = case.parameters.weight
    assert stored is not None
    weight = widened(stored[chosen])
    if weight.shape[1] <= _SOLVED_WIDTH and len(x) > weight.shape[1]:
        found = _from_solved_weights(x, effect, weight, token_weights(case))
    else:
        rows = slice(None, None, max(1, len(x) // _TOKENS))
        # y W stands for the permuted input: its channel i resembles the channel that was read in the place of i.
        found = match_columns(effect[rows] @ weight, x[rows], weights=token_weights(case)[rows], least=_FAINT)
    if found is not None:
        yield from solved_orders(found.partner, heads, head_dim)
        order = named_order(found.partner, heads, head_dim)
        if order is not None:
            yield order


def _from_solved_weights(x: Floats, effect: Floats, weight: Floats, weights: Floats) -> Matches | None:
    """With more tokens than channels the candidate's weights can be solved for; their columns are then matched."""
    solved = fitted_map(x, effect, weights=weights).T  # [out, in]
    place = match_columns(solved, weight, weights=np.ones(len(weight)), least=_FAINT)
    if place is None:
        return None
    partner = np.full(place.partner.size, -1)
    known = place.partner >= 0
    partner[place.partner[known]] = np.flatnonzero(known)
    return Matches(partner, place.correlation)


INPUT_PERMUTED = Hypothesis("input_permuted", ("linear",), _predict, rank=3, needs_all_tokens=True)
