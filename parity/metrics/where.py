"""Where the error sits: tokens, heads and channels."""

from __future__ import annotations

import math

import numpy as np

from parity.comparison import ChannelError, HeadError, TokenError, TokenProfile
from parity.dtypes import ROUNDING_REL_L2
from parity.metrics.differences import Differences, Floats
from parity.metrics.errors import rel_l2
from parity.metrics.squares import SquaredErrors
from parity.tokens import TokenBatch

__all__ = [
    "bucket_size",
    "by_bucket",
    "channel_rms",
    "head_errors",
    "rel_l2_by_token",
    "token_profile",
    "worst_channels",
    "worst_tokens",
]

_WORST_TOKENS = 8
_WORST_CHANNELS = 8
_BUCKETS = 128


def rel_l2_by_token(found: SquaredErrors) -> Floats:
    """The rel-L2 of each real token, float64, shape ``[row]``; infinite where only the truth is zero."""
    error, truth = found.error_squares.sum(axis=1), found.truth_squares.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error == 0, 0.0, np.sqrt(error / truth))


def worst_tokens(distance: Floats, ratio: Floats | None, tokens: TokenBatch) -> tuple[TokenError, ...]:
    """The tokens with the largest R (rel-L2 without a floor), the worst first; exact tokens are left out."""
    order = np.argsort(-(distance if ratio is None else ratio), kind="stable")[:_WORST_TOKENS]
    coordinates, first = np.argwhere(tokens.mask), tokens.mask.argmax(axis=1)
    found = []
    for row in order[distance[order] > 0]:
        prompt, column = (int(number) for number in coordinates[row])
        position = column - int(first[prompt])
        piece = tokens.pieces[prompt][position] if prompt < len(tokens.pieces) else ""
        noise_ratio = None if ratio is None else float(ratio[row])
        found.append(TokenError(prompt, position, piece, float(distance[row]), noise_ratio))
    return tuple(found)


def head_errors(candidate: Differences, floor: Differences | None, *, unit_roundoff: float) -> tuple[HeadError, ...]:
    """rel-L2 and R of each head over all tokens, the floor no less than one rounding; empty for a single head."""
    heads = candidate.error_squares.shape[1]
    if heads == 1:
        return ()
    error, truth = candidate.error_squares.sum(axis=0), candidate.truth_squares.sum(axis=0)
    rounding = (ROUNDING_REL_L2 * unit_roundoff) ** 2 * truth
    noise = None if floor is None else np.maximum(floor.error_squares.sum(axis=0), rounding)
    return tuple(
        HeadError(head, rel_l2(error[head], truth[head]), None if noise is None else _root(error[head], noise[head]))
        for head in range(heads)
    )


def channel_rms(found: Differences) -> tuple[Floats, Floats]:
    """Root mean square over rows of the error and of the truth, float64, shape ``[head, channel]`` each."""
    rows = found.error_squares.shape[0]
    return np.sqrt(found.channel_error_squares / rows), np.sqrt(found.channel_truth_squares / rows)


def worst_channels(found: Differences, *, has_heads: bool) -> tuple[ChannelError, ...]:
    """The channels that hold most of the squared error, the worst first; exact channels are left out."""
    squares = found.channel_error_squares  # [head, channel]
    total, (error, truth) = float(squares.sum()), channel_rms(found)
    order = np.argsort(-squares, axis=None, kind="stable")[:_WORST_CHANNELS]
    worst = []
    for head, channel in zip(*np.unravel_index(order, squares.shape), strict=True):
        if squares[head, channel] > 0:
            worst.append(
                ChannelError(
                    int(head) if has_heads else None,
                    int(channel),
                    float(squares[head, channel] / total),
                    float(error[head, channel]),
                    float(truth[head, channel]),
                )
            )
    return tuple(worst)


def token_profile(distance: Floats, ratio: Floats | None) -> TokenProfile:
    """Error by token in at most 128 buckets, each showing its worst token."""
    bucket = bucket_size(distance.size)
    return TokenProfile(bucket, by_bucket(distance, bucket), () if ratio is None else by_bucket(ratio, bucket))


def bucket_size(tokens: int) -> int:
    """How many tokens share a bucket so that there are at most 128 of them."""
    return math.ceil(tokens / _BUCKETS)


def by_bucket(values: Floats, bucket: int) -> tuple[float, ...]:
    """The largest of `values` in each bucket, to four digits."""
    largest = np.maximum.reduceat(values, np.arange(0, values.size, bucket))
    return tuple(float(f"{value:.4g}") for value in largest)


def _root(error: float, noise: float) -> float:
    if noise == 0:
        return 0.0 if error == 0 else math.inf
    return math.sqrt(error / noise)
