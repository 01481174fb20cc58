"""An output that belongs to another token: shifted by some places, in reverse, one token for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import CHANNEL_OPERATIONS, Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["TOKENS_SHIFTED"]

_COMPARED_CHANNELS = 256
_TRIED = 2
_STILL_LEFT = 0.7

Places = npt.NDArray[np.int64]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """All whole shifts are scored at once by correlation over tokens; the best two are tried."""
    for sentence, places, fitted in _readings(case):
        order = _order(case, places)
        if _is_promising(case, order):
            output = case.predicted[np.arange(len(order))[:, None], order]
            yield Prediction(sentence, output, fitted)


def _readings(case: SourceCase) -> Iterator[tuple[str, Callable[[int], Places], int]]:
    """What was read, and from which place of a prompt of given length each of its tokens was taken."""
    for lag in _likely_lags(case):
        where = f"{abs(lag)} place{'s' if abs(lag) > 1 else ''} {'earlier' if lag > 0 else 'later'}"
        sentence = f"each token has the output of the token {where}"
        yield sentence, lambda count, lag=lag: (np.arange(count) - lag) % count, 1  # type: ignore[misc]
        yield sentence, lambda count, lag=lag: np.clip(np.arange(count) - lag, 0, count - 1), 1  # type: ignore[misc]
    yield "the tokens are in reverse", lambda count: np.arange(count)[::-1], 0
    yield "every token has the output of the first", lambda count: np.zeros(count, np.int64), 0
    yield "every token has the output of the last", lambda count: np.full(count, count - 1), 0


def _likely_lags(case: SourceCase) -> list[int]:
    """Shifts at which output and prediction correlate best in the longest prompt."""
    mask = case.reference.tokens.mask
    longest = int(mask.sum(axis=1).argmax())
    sides = [array[longest][mask[longest]].reshape(mask[longest].sum(), -1) for array in (case.output, case.predicted)]
    channels = _compared(sides[0].shape[1])
    size = 2 * len(sides[0])
    output, predicted = (np.fft.rfft(_standardised(side[:, channels]), size, axis=0) for side in sides)
    score = np.fft.irfft((output * predicted.conj()).sum(axis=1), size)
    best = [int(lag) for lag in np.argsort(-score) if lag not in (0, size // 2)][:_TRIED]
    return [lag - size if lag > size // 2 else lag for lag in best]


def _standardised(values: Floats) -> Floats:
    """Without each channel's mean, each token of unit length: no token and no offset dominates."""
    centred = values - values.mean(axis=0)
    length = np.sqrt((centred * centred).sum(axis=1, keepdims=True))
    unit: Floats = np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)
    return unit


def _order(case: SourceCase, places: Callable[[int], Places]) -> Places:
    """The place in the padded batch that each place was taken from, ``[batch, token]``."""
    mask = case.reference.tokens.mask
    order = np.tile(np.arange(mask.shape[1]), (len(mask), 1))
    for row, real in enumerate(mask):
        own = np.flatnonzero(real)
        order[row, own] = own[places(own.size)]
    return order


def _is_promising(case: SourceCase, order: Places) -> bool:
    mask, batch = case.reference.tokens.mask, np.arange(len(order))[:, None]
    flat = (a.reshape(*a.shape[:2], -1) for a in (case.output, case.predicted))
    output, predicted = (a[..., _compared(a.shape[-1])] for a in flat)
    left, whole = output - predicted[batch, order], output - predicted
    return float(np.square(left[mask]).sum()) <= _STILL_LEFT * float(np.square(whole[mask]).sum())


def _compared(width: int) -> Places:
    return np.unique(np.linspace(0, width - 1, _COMPARED_CHANNELS).astype(np.int64))


TOKENS_SHIFTED = Hypothesis("tokens_shifted", CHANNEL_OPERATIONS, _predict, rank=5, needs_all_tokens=True)
