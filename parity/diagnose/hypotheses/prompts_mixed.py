"""Attention across the prompts of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import Variation, attention_predictions, remainder
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.token_rows import Integers

__all__ = ["PROMPTS_MIXED"]

_MOST_LEFT = 0.1
"""All queries against all keys of the batch take as long as the rest of the library."""


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Prompts packed into one sequence without a mask between them, or keys and values of another prompt."""
    return attention_predictions(case, _guesses(attention_tap(case)), most_left=_MOST_LEFT)


def _guesses(tap: AttentionTap) -> Iterator[Guess[Variation]]:
    prompts = len(tap.tokens.mask)
    if prompts == 1:
        return
    yield Guess("prompts are mixed: each token sees all prompts before its own", Variation(inputs=_packed_causally))
    yield Guess("prompts are mixed: each token sees all prompts of the batch", Variation(inputs=_packed))
    for what, verb in (("", "attends to"), ("keys", "has the keys of"), ("values", "has the values of")):
        source = _solved_source(tap, what)
        moved = np.flatnonzero(source != np.arange(prompts))
        if moved.size:
            words = ", ".join(f"prompt {prompt} {verb} prompt {source[prompt]}" for prompt in moved)
            yield Guess(f"prompts are mixed: {words}", _exchanged(source, what), int(moved.size))


def _packed(rows: AttentionRows) -> AttentionRows:
    """All real keys as one prompt, every one of them visible."""
    count = int(rows.real.sum())
    moved = replace(rows.rows, prompts=np.zeros_like(rows.rows.prompts))
    keys, values = rows.keys[rows.real][None], rows.values[rows.real][None]
    real, visible = np.ones((1, count), dtype=np.bool_), np.ones((len(rows.rows), count), dtype=np.bool_)
    return replace(rows, rows=moved, keys=keys, values=values, real=real, visible=visible)


def _packed_causally(rows: AttentionRows) -> AttentionRows:
    """Likewise, without what stands behind the query."""
    prompts, places = np.nonzero(rows.real)
    own, place = rows.rows.prompts[:, None], rows.rows.places[:, None]
    before: Bools = (prompts < own) | ((prompts == own) & (places <= place))
    return replace(_packed(rows), visible=before)


def _solved_source(tap: AttentionTap, what: str) -> Integers:
    """The prompt whose keys and values, or one of them, fit the last query of each prompt best, ``[prompt]``."""
    prompts = len(tap.tokens.mask)
    last = np.searchsorted(tap.rows.prompts, np.arange(prompts), side="right") - 1
    source = np.arange(prompts)
    for prompt in range(prompts):
        sample = tap.sample_at(last[prompt : prompt + 1])
        costs = [remainder(_exchanged(np.full(prompts, other), what), sample) for other in range(prompts)]
        source[prompt] = prompt if costs[prompt] == min(costs) else int(np.argmin(costs))
    return source


def _exchanged(source: Integers, what: str) -> Variation:
    """Keys and values of other prompts under their mask; or only ``keys`` or ``values`` under the own one."""

    def inputs(rows: AttentionRows) -> AttentionRows:
        if what == "values":
            return rows.with_values(rows.values[source])
        if what == "keys":
            return replace(rows, keys=rows.keys[source])
        real = rows.real[source]
        visible: Bools = (rows.distance >= 0) & real[rows.rows.prompts]
        return replace(rows, keys=rows.keys[source], values=rows.values[source], real=real, visible=visible)

    return Variation(inputs=inputs)


PROMPTS_MIXED = Hypothesis("prompts_mixed", ("attention",), _predict, rank=2, needs_all_tokens=True)
