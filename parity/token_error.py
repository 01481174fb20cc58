"""Errors by token, as a comparison keeps them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TokenError", "TokenProfile"]


@dataclass(frozen=True)
class TokenError:
    """One of the worst tokens.

    Attributes:
        prompt, position: number of the prompt and index of the token within it, both from 0.
        piece: the token's text; empty where unknown.
        rel_l2: the candidate's rel-L2 from the truth at this token.
        noise_ratio: R at this token; None without a floor.
    """

    prompt: int
    position: int
    piece: str
    rel_l2: float
    noise_ratio: float | None


@dataclass(frozen=True)
class TokenProfile:
    """Error by token, over all prompts one after the other, in buckets that each show their worst token.

    Attributes:
        bucket: number of tokens in a bucket (the last may hold fewer).
        rel_l2: the largest per-token rel-L2 in each bucket.
        noise_ratio: the largest per-token R in each bucket; empty without a floor.
    """

    bucket: int
    rel_l2: tuple[float, ...]
    noise_ratio: tuple[float, ...]
