"""Measurements of a trained model: perplexity, the massive activation, and what fp16 makes of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from qwen_trt_model.training.data import Tokens

__all__ = ["agreement", "greedy", "massive_ratios", "perplexity", "residuals", "unigram_perplexity"]


def perplexity(model: Any, windows: Tokens) -> float:
    """Perplexity of the tokens behind the first in each window, [count, length]."""
    import torch

    losses = []
    with torch.inference_mode():
        for rows in range(0, len(windows), 8):
            window = torch.from_numpy(windows[rows : rows + 8])
            logits = model(input_ids=window, use_cache=False).logits[:, :-1].float()
            losses.append(
                torch.nn.functional.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten(), reduction="sum")
            )
    return math.exp(float(sum(losses)) / windows[:, 1:].size)


def unigram_perplexity(counts: Tokens, windows: Tokens) -> float:
    """Perplexity of the same tokens by their frequency in training alone, each count raised by one."""
    share = (counts + 1) / (counts + 1).sum()
    return float(np.exp(-np.log(share[windows[:, 1:]]).mean()))


def massive_ratios(model: Any, ids: list[int]) -> list[tuple[float, float]]:
    """Behind each decoder layer: the first token's largest |x|, and its ratio to the median |x| of all tokens."""
    found = []
    for state in residuals(model, ids):
        size = state[0].float().abs()
        largest = float(size[0].max())
        found.append((largest, largest / float(size.median())))
    return found


def residuals(model: Any, ids: list[int]) -> list[Any]:
    """The residual stream behind each decoder layer, [1, tokens, hidden] each."""
    import torch

    states: list[Any] = []
    hooks = [
        layer.register_forward_hook(lambda _m, _a, out: states.append(out[0] if isinstance(out, tuple) else out))
        for layer in model.model.layers
    ]
    with torch.inference_mode():
        model(input_ids=torch.tensor([ids]), use_cache=False)
    for hook in hooks:
        hook.remove()
    return states


def agreement(model: Any, other: Any, prompts: list[list[int]]) -> float:
    """Share of positions at which two models choose the same next token."""
    import torch

    same = total = 0
    with torch.inference_mode():
        for ids in prompts:
            first, second = (each(input_ids=torch.tensor([ids])).logits.argmax(-1) for each in (model, other))
            same, total = same + int((first == second).sum()), total + len(ids)
    return same / total


def greedy(model: Any, tokenizer: Any, ids: list[int], length: int = 96) -> str:
    """The greedy continuation of a prompt, as text."""
    import torch

    out = model.generate(torch.tensor([ids]), max_new_tokens=length, do_sample=False)
    return str(tokenizer.decode(out[0, len(ids) :], skip_special_tokens=True))
