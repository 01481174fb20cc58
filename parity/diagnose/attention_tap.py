"""A tap of an attention layer (scores, probabilities or context) laid out by query, and some of its queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.case import Granted, SourceCase
from parity.diagnose.remembered import remembered
from parity.diagnose.token_rows import Integers, TokenRows, real_tokens, spread
from parity.replay.arrays import Floats
from parity.replay.ops import attention_mask
from parity.tokens import TokenBatch

__all__ = ["AttentionSample", "AttentionTap", "attention_tap", "channels_of"]

_SAMPLED_SCORES = 2**17
_FEWEST, _MOST = 16, 48
_FEW_SCORES = 2**15
_FEWEST_OF_FEW, _FEW = 3, 8
_BLOCK_SCORES, _KEPT_SCORES = 2**20, 2**23
_CHANNELS = 16
_OFF = 2.0


@dataclass(frozen=True, eq=False)
class AttentionSample:
    """Some queries and, of the context, some channels: enough to judge a guess by.

    Attributes:
        op: ``scores``, ``softmax`` or ``attention``.
        rows: the queries with their keys and values.
        output: the candidate's, ``[row, head, channel]``, or with keys in place of channels.
        predicted: the reference's operation, likewise.
        judged: which keys count, ``[row, 1, key]``; None for the context.
    """

    op: str
    rows: AttentionRows
    output: Floats
    predicted: Floats
    judged: Bools | None

    @cached_property
    def whole(self) -> float:
        """What there is to explain: Σ (candidate - reference)²."""
        return float(self.squares(self.predicted).sum())

    def squares(self, output: Floats) -> Floats:
        """(candidate - `output`)² where it counts, zero elsewhere: ``[row, head, channel or key]``."""
        with np.errstate(invalid="ignore"):  # infinite at keys that a query may not see
            left: Floats = np.square(self.output - output)
        return left if self.judged is None else np.where(self.judged, left, 0.0)


@dataclass(frozen=True, eq=False)
class AttentionTap:
    """What a case's hypotheses about attention share.

    Attributes:
        op: ``scores``, ``softmax`` or ``attention``.
        tokens: what went into the model.
        rows: every real token.
        everything: all queries with their keys and values.
        output: the candidate's, ``[row, head, channel]``, or with keys in place of channels.
        predicted: the reference's operation, likewise.
        judged: which keys count, ``[row, 1, key]``; None for the context.
        noise: of each token, ``[row]``; None without a floor.
        granted: see `SourceCase`.
    """

    op: str
    tokens: TokenBatch
    rows: TokenRows
    everything: AttentionRows
    output: Floats
    predicted: Floats
    judged: Bools | None
    noise: Floats | None
    granted: tuple[Granted, ...] = ()

    @cached_property
    def sample(self) -> AttentionSample:
        """Queries to search at: half evenly spread over all, half over those that are off."""
        limit = int(np.clip(_SAMPLED_SCORES // self._scores_of_a_query, _FEWEST, _MOST))
        off = np.flatnonzero(self._is_off)
        everywhere = spread(len(self.rows), limit - min(limit // 2, off.size))
        return self.sample_at(np.union1d(everywhere, off[spread(off.size, limit // 2)]))

    @cached_property
    def few(self) -> AttentionSample:
        """The queries with the largest error of a larger sample, for long searches."""
        limit = int(np.clip(_FEW_SCORES // self._scores_of_a_query, _FEWEST_OF_FEW, _FEW))
        off = np.flatnonzero(self._is_off)
        pool = off[spread(off.size, _MOST)] if off.size else spread(len(self.rows), _MOST)
        worst = np.argsort(-self._errors[pool], kind="stable")[:limit]
        return self.sample_at(np.sort(pool[worst]))

    def sample_at(self, chosen: Integers) -> AttentionSample:
        """The queries at the increasing indices `chosen`, and some of the context's channels."""
        rows, output, predicted = self.at(chosen), self.output[chosen], self.predicted[chosen]
        judged = None if self.judged is None else self.judged[chosen]
        if self.op == "attention":
            channels = _sampled_channels(output.shape[-1])
            rows = replace(rows, values=rows.values[..., channels])
            output, predicted = output[..., channels], predicted[..., channels]
        return AttentionSample(self.op, rows, output, predicted, judged)

    def at(self, chosen: Integers) -> AttentionRows:
        """The queries at the increasing indices `chosen`."""
        full = self.everything
        rows = replace(
            full,
            rows=self.rows.take(chosen),
            queries=full.queries[chosen],
            visible=full.visible[chosen],
            captured=None if full.captured is None else full.captured[chosen],
        )
        for granted in self.granted:
            rows = granted(rows)
        return rows

    def blocks(self) -> Iterable[tuple[Integers, AttentionRows]]:
        """All queries in parts whose scores fit the processor's cache, each with its indices.

        Where there is memory for all scores, the parts are kept and with them their scores.
        """
        return self._kept if len(self.rows) * self._scores_of_a_query <= _KEPT_SCORES else self._parts()

    @cached_property
    def _kept(self) -> tuple[tuple[Integers, AttentionRows], ...]:
        return tuple(self._parts())

    def _parts(self) -> Iterator[tuple[Integers, AttentionRows]]:
        step = max(1, _BLOCK_SCORES // self._scores_of_a_query)
        for start in range(0, len(self.rows), step):
            chosen = np.arange(start, min(start + step, len(self.rows)))
            yield chosen, self.at(chosen)

    @property
    def _scores_of_a_query(self) -> int:
        return self.everything.heads * int(self.everything.real.shape[1])

    @cached_property
    def _errors(self) -> Floats:
        """‖candidate - reference‖ of each query, ``[row]``."""
        with np.errstate(invalid="ignore"):
            left = self.output - self.predicted
        if self.judged is not None:
            left = np.where(self.judged, left, 0.0)
        errors: Floats = np.sqrt(np.einsum("rhc,rhc->r", left, left))
        return errors

    @property
    def _is_off(self) -> Bools:
        """Queries whose error is more than noise, ``[row]``."""
        noise = np.median(self._errors) if self.noise is None else _OFF * self.noise
        found: Bools = self._errors > noise
        return found


def channels_of(values: Floats, rows: AttentionRows) -> Floats:
    """Of `values` ``[prompt, key, kv_head, channel]`` those channels that `rows` holds: all, or a sample's."""
    width = values.shape[-1]
    return values if rows.values.shape[-1] == width else values[..., _sampled_channels(width)]


def _sampled_channels(width: int) -> Integers:
    return spread(width, _CHANNELS)


@remembered
def attention_tap(case: SourceCase) -> AttentionTap:
    """Lay the case out by query; its tap is scores, probabilities or the context of a layer."""
    tokens, op = case.reference.tokens, case.tap.op
    rows = case.rows(case.output)
    judged = rows.valid  # [row, 1, key]
    noise = case.floor.error if case.floor else None
    values = rows.values, case.rows(case.predicted).values
    return AttentionTap(op, tokens, real_tokens(tokens), _everything(case), *values, judged, noise, case.granted)


def _everything(case: SourceCase) -> AttentionRows:
    tokens, layer = case.reference.tokens, case.tap.layer
    assert layer is not None
    visible = attention_mask(tokens.mask, window=case.settings.sliding_windows[layer])[tokens.mask]  # [row, key]
    rows, scale, nothing = real_tokens(tokens), case.settings.attention_scale, np.zeros((*tokens.mask.shape, 1, 0))
    if case.tap.op == "softmax":
        captured = np.moveaxis(case.inputs[0], 2, 1)[tokens.mask]  # [row, head, key]
        captured = np.where(np.isnan(captured), -np.inf, captured)
        queries = np.zeros((*captured.shape[:2], 0))
        return AttentionRows(rows, queries, nothing, nothing, tokens.mask, visible, scale, captured)
    keys = _finite(case.inputs[1])
    values = _finite(case.inputs[2]) if case.tap.op == "attention" else nothing
    return AttentionRows(rows, case.inputs[0][tokens.mask], keys, values, tokens.mask, visible, scale)


def _finite(array: Floats) -> Floats:
    """Padding may hold anything, and 0·NaN is NaN."""
    return array if np.isfinite(array).all() else np.where(np.isfinite(array), array, 0.0)
