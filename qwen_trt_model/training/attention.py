"""Causal attention in blocks of queries: on a CPU several times faster to train than PyTorch's own kernel."""

from __future__ import annotations

from typing import Any

__all__ = ["NAME", "blocked_attention", "use_blocked_attention"]

NAME = "blocked_causal"
_BLOCKS = 4


def use_blocked_attention(model: Any) -> None:
    """Make a Hugging Face model train with this attention; what it saves is the same."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(NAME, blocked_attention)
    # Causality lives in the blocks; without a mask function of its own the model would build a mask in vain.
    AttentionMaskInterface.register(NAME, lambda *_args, **_kwargs: None)
    model.set_attn_implementation(NAME)


def blocked_attention(
    _module: Any, query: Any, key: Any, value: Any, _mask: Any, scaling: float, **_: Any
) -> tuple[Any, None]:
    """Attend from query [b, heads, l, d] to key and value [b, kv_heads, l, d]; give [b, l, heads, d].

    A block of queries sees only the keys up to its own end, so half of the scores are never computed, and
    the query heads that share a key head are one matrix, so keys are never repeated.
    """
    import torch

    batch, heads, length, width = query.shape
    groups = batch * key.shape[1]
    query = (query * scaling).reshape(groups, -1, length, width)
    key, value = key.reshape(groups, length, width), value.reshape(groups, length, width)
    size = -(-length // _BLOCKS)
    blocks = [_block(query, key, value, slice(at, min(at + size, length))) for at in range(0, length, size)]
    return torch.cat(blocks, 2).view(batch, heads, length, width).transpose(1, 2).contiguous(), None


def _block(query: Any, key: Any, value: Any, rows: slice) -> Any:
    """Rows of queries [groups, r, l, d], keys and values [groups, l, d] -> [groups, r, rows, d]."""
    import torch

    groups, repeats, _, width = query.shape
    start, end = rows.start, rows.stop
    scores = torch.bmm(query[:, :, start:end].reshape(groups, -1, width), key[:, :end].transpose(1, 2))
    ahead = torch.arange(start, end)[:, None] < torch.arange(end)[None, :]
    scores = scores.view(groups, repeats, end - start, end).masked_fill(ahead.to(scores.device), float("-inf"))
    probabilities = torch.softmax(scores, -1, dtype=torch.float32).to(value.dtype)
    context = torch.bmm(probabilities.view(groups, -1, end), value[:, :end])
    return context.view(groups, repeats, end - start, width)
