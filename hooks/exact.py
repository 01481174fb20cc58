"""fp64 throughout: the parts that transformers computes in fp32 whatever the model's dtype, done in fp64.

Those are RMSNorm, the softmax of eager attention, and the rotary tables. The rotary frequencies stay the fp32
numbers that the model has, since they are part of it; angles, cosines and sines are fp64 functions of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from parity.hooks.attention import Kernel
from parity.hooks.families import Family
from parity.taps import TapGraph

__all__ = ["exact_kernel", "exact_modules"]


def exact_kernel(kernel: Kernel) -> Kernel:
    """`kernel` without fp32: eager attention with an fp64 softmax; sdpa, which computes in fp64 by itself."""
    return replace(kernel, forward=_eager_attention) if kernel.name == "eager" else kernel


@contextmanager
def exact_modules(model: nn.Module, family: Family, graph: TapGraph) -> Iterator[None]:
    """While this is open, every RMSNorm and the rotary tables of the fp64 `model` are computed in fp64.

    Hooks run in the order in which they were registered: open this before those that look.
    """
    hooked: list[tuple[str, Callable[..., Any]]] = [
        (family.sites[tap.kind].path(tap), _rms_norm) for tap in graph if tap.op == "rms_norm"
    ]
    handles: list[RemovableHandle] = []
    try:
        for path, hook in [*hooked, (family.rotary, _rotary_tables)]:
            handles.append(model.get_submodule(path).register_forward_hook(hook))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _rms_norm(module: Any, args: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
    """weight · x / sqrt(mean(x²) + eps), over the last axis (Zhang and Sennrich, arXiv 1910.07467)."""
    (x,) = args
    normed: torch.Tensor = module.weight * (
        x * torch.rsqrt(x.square().mean(-1, keepdim=True) + module.variance_epsilon)
    )
    return normed


def _rotary_tables(module: Any, args: tuple[Any, ...], output: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin of position · inv_freq, twice beside itself, times the scaling: each ``[batch, token, channel]``."""
    _, positions = args
    half = positions[..., None].double() * module.inv_freq.double()
    angles = torch.cat((half, half), dim=-1)
    return angles.cos() * module.attention_scaling, angles.sin() * module.attention_scaling


def _eager_attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float,
    **options: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """softmax(q·kᵀ·scaling + mask)·v, as transformers' eager attention but for the fp32 softmax."""
    groups = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        scores = scores + attention_mask
    probabilities = torch.softmax(scores, dim=-1)
    return torch.matmul(probabilities, value).transpose(1, 2).contiguous(), probabilities
