"""Taps that exist only inside the attention function: rotated q and k, scores, probabilities.

A function of our own takes the place of the model's, looks at what it is given and calls the kernel it stands for.
transformers makes the causal mask by the name of the attention function, and makes none for a name it does not
know: without the kernel's mask function under the same name causality is lost, with no warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface

from parity.hooks.delivery import Delivery
from parity.hooks.families import Family

__all__ = ["KERNELS", "Kernel", "kernel_of", "observed_attention"]

KERNELS = ("eager", "sdpa")
"""The attention implementations of transformers that can be observed."""

_SERIAL = count()


@dataclass(frozen=True)
class Kernel:
    """An attention implementation.

    Attributes:
        name: what transformers calls it.
        forward: ``(module, query, key, value, mask, *, scaling, …) -> (context, probabilities or None)`` with query
            ``[batch, head, token, channel]``, key and value ``[batch, kv head, key, channel]``.
        mask: makes the mask that `forward` takes.
    """

    name: str
    forward: Callable[..., tuple[torch.Tensor, torch.Tensor | None]]
    mask: Callable[..., torch.Tensor | None]


def kernel_of(name: str, family: Family) -> Kernel:
    """transformers' own kernel `name`, one of `KERNELS`."""
    forward = family.eager_attention if name == "eager" else AttentionInterface()[name]
    return Kernel(name, forward, AttentionMaskInterface()[name])


@contextmanager
def observed_attention(model: Any, kernel: Kernel, delivery: Delivery) -> Iterator[None]:
    """While this is open, `model` runs `kernel`, and delivers what `kernel` is given and computes."""

    def forward(
        module: nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None,
        *,
        scaling: float,
        **options: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        layer = f"layers.{module.layer_idx}"
        delivery.deliver(f"{layer}.q_rope", query.transpose(1, 2))
        delivery.deliver(f"{layer}.k_rope", key.transpose(1, 2))
        context, probabilities = kernel.forward(module, query, key, value, attention_mask, scaling=scaling, **options)
        if delivery.wants(f"{layer}.scores") or delivery.wants(f"{layer}.probs"):
            scores = _scores(query, key, scaling=scaling, fused=probabilities is None)
            seen = _softmax(scores, attention_mask) if probabilities is None else probabilities
            delivery.deliver(f"{layer}.scores", scores.to(query.dtype))
            delivery.deliver(f"{layer}.probs", seen.to(query.dtype))
        return context, probabilities

    with _installed(model, forward, kernel.mask):
        yield


@contextmanager
def _installed(model: Any, forward: Callable[..., Any], mask: Callable[..., Any]) -> Iterator[None]:
    """Let `model` run `forward` under a name that nobody else has, and take the name back afterwards."""
    name, before = f"parity_observed_{next(_SERIAL)}", model.config._attn_implementation
    AttentionInterface.register(name, forward)
    AttentionMaskInterface.register(name, mask)
    try:
        model.set_attn_implementation(name)
        yield
    finally:
        model.set_attn_implementation(before)
        # transformers can register a function, but has no call to take it back.
        AttentionInterface._global_mapping.pop(name)
        AttentionMaskInterface._global_mapping.pop(name)


def _scores(query: torch.Tensor, key: torch.Tensor, *, scaling: float, fused: bool) -> torch.Tensor:
    """q·k·scaling over all keys, before the mask: ``[batch, head, token, key]``.

    A fused kernel keeps scores to itself, in fp32 where q and k have 16 bits, and so does this.
    """
    if fused and query.dtype in (torch.float16, torch.bfloat16):
        query, key = query.float(), key.float()
    key = key.repeat_interleave(query.shape[1] // key.shape[1], dim=1)
    return torch.matmul(query, key.transpose(2, 3)) * scaling


def _softmax(scores: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """Probabilities under a fused kernel's mask: True where a key is seen, or None for plain causality."""
    tokens, keys = scores.shape[-2:]
    if mask is None:
        mask = torch.ones(tokens, keys, dtype=torch.bool, device=scores.device).tril(keys - tokens)
    return torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=-1)
