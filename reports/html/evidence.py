"""Worst element, tokens, channels, heads and token profile of one tap, as text for the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from parity.comparison import ArrayInfo, TapResult
from parity.formatting import format_index, format_metric, format_shape, format_share, format_value
from parity.reports.html.packing import pack_logs
from parity.reports.html.text import visible_piece
from parity.token_error import TokenError

__all__ = [
    "ArrayText",
    "ChannelText",
    "HeadText",
    "Profile",
    "TokenText",
    "WorstText",
    "array_text",
    "channel_texts",
    "head_texts",
    "profile",
    "token_texts",
    "worst_text",
]

_SHARE_STEPS = 10**9


@dataclass(frozen=True)
class ArrayText:
    """dtype and shape of one side's array."""

    dtype: str
    shape: str


@dataclass(frozen=True)
class WorstText:
    """The worst element: where, both values, and their distance."""

    where: str
    reference_value: str
    candidate_value: str
    difference: str


class TokenText(NamedTuple):
    """One of the worst tokens; `ratio` is its R. A tuple, because a report holds thousands and repeats no names."""

    prompt: int
    position: int
    piece: str
    rel_l2: str
    ratio: str


class ChannelText(NamedTuple):
    """One of the worst channels: where it is, its part of the squared error, its error and its signal."""

    where: str
    share: str
    rms_error: str
    rms_reference: str


class HeadText(NamedTuple):
    """One head; `ratio` is its R."""

    head: int
    rel_l2: str
    ratio: str


@dataclass(frozen=True)
class Profile:
    """As `TokenProfile`, with R of the local error beside it, all packed by `pack_logs`; empty where unknown."""

    bucket: int
    rel_l2: str
    ratio: str
    local: str


def array_text(info: ArrayInfo | None) -> ArrayText | None:
    """One side's array; None where it is absent."""
    return None if info is None else ArrayText(info.dtype, format_shape(info.shape))


def worst_text(row: TapResult) -> WorstText | None:
    """The worst element of `row`."""
    worst = row.worst
    if worst is None:
        return None
    return WorstText(
        format_index(worst.index, worst.axes),
        format_value(worst.reference_value),
        format_value(worst.candidate_value),
        format_metric(abs(worst.candidate_value - worst.reference_value)),
    )


def token_texts(tokens: Sequence[TokenError]) -> tuple[TokenText, ...]:
    """The worst tokens of a row."""
    return tuple(
        TokenText(
            token.prompt,
            token.position,
            visible_piece(token.piece),
            format_metric(token.rel_l2),
            format_metric(token.noise_ratio),
        )
        for token in tokens
    )


def channel_texts(row: TapResult) -> tuple[ChannelText, ...]:
    """The worst channels of `row`."""
    return tuple(
        ChannelText(
            f"{channel.channel}" if channel.head is None else f"head {channel.head}, {channel.channel}",
            format_share(round(channel.share * _SHARE_STEPS), _SHARE_STEPS),
            format_metric(channel.rms_error),
            format_metric(channel.rms_reference),
        )
        for channel in row.worst_channels
    )


def head_texts(row: TapResult) -> tuple[HeadText, ...]:
    """Every head of `row`."""
    return tuple(HeadText(head.head, format_metric(head.rel_l2), format_metric(head.noise_ratio)) for head in row.heads)


def profile(row: TapResult) -> Profile | None:
    """The error of `row` by token."""
    if row.profile is None:
        return None
    local = row.diagnosis.local.profile if row.diagnosis else None
    return Profile(
        row.profile.bucket,
        pack_logs(row.profile.rel_l2),
        pack_logs(row.profile.noise_ratio),
        pack_logs(local.local_noise_ratio) if local else "",
    )
