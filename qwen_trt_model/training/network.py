"""The model object and its optimiser."""

from __future__ import annotations

import math
from typing import Any

from qwen_trt_model.training.settings import Run, Schedule, Shape

__all__ = ["make_model", "make_optimiser", "rate", "settle"]

# Embeddings, norm weights and biases stay near their planted sizes: full steps would wash the plants out. What
# writes into the residual stream starts as small as the embeddings, and nothing but its rate keeps the stream
# from outgrowing the massive activation: norms make the loss blind to its size. The head reads the largest norm.
_RATE_SHARES = {"embed": 0.1, "vector": 0.3, "writer": 0.08, "reader": 1.0, "head": 0.3}


def make_model(shape: Shape, tokenizer: Any, stops: list[int]) -> Any:
    """Make an untied Qwen2ForCausalLM with biases on q, k and v."""
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        max_position_embeddings=shape.positions,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_theta},
        rms_norm_eps=shape.rms_norm_eps,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen2ForCausalLM(config)
    model.generation_config = GenerationConfig(do_sample=False, eos_token_id=stops, pad_token_id=tokenizer.pad_token_id)
    return model


def make_optimiser(model: Any, schedule: Schedule) -> Any:
    """Make an AdamW whose groups differ in rate and in decay."""
    import torch

    groups: dict[str, list[Any]] = {kind: [] for kind in _RATE_SHARES}
    for name, parameter in model.named_parameters():
        groups[_kind(name, parameter)].append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": found,
                "share": _RATE_SHARES[kind],
                "weight_decay": schedule.decay if kind in ("reader", "writer", "head") else 0.0,
            }
            for kind, found in groups.items()
        ],
        lr=schedule.peak_rate,
        betas=(0.9, 0.95),
        fused=True,
    )


def _kind(name: str, parameter: Any) -> str:
    if "embed" in name:
        return "embed"
    if parameter.dim() == 1:
        return "vector"
    if "lm_head" in name:
        return "head"
    return "writer" if "o_proj" in name or "down_proj" in name else "reader"


def rate(schedule: Schedule, step: int) -> float:
    """Learning rate of a step: a linear rise, then a cosine down to `final_share` of the peak."""
    warmup = min(schedule.warmup, max(1, schedule.steps // 10))
    if step < warmup:
        return schedule.peak_rate * (step + 1) / warmup
    progress = (step - warmup) / max(1, schedule.steps - warmup)
    low = schedule.final_share
    return schedule.peak_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * progress)))


def settle(run: Run) -> None:
    """Fix what makes two runs differ: seeds, the number of threads, the choice of kernels."""
    import torch

    torch.manual_seed(run.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    if run.device == "cpu":
        torch.set_num_threads(run.threads)
