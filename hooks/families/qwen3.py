"""Qwen3: RMSNorm over each head of q and k before the rotation, and a head size of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from transformers.models.qwen3.modeling_qwen3 import eager_attention_forward

from parity.hooks.families.family import Family, Site
from parity.hooks.families.qwen2 import QWEN2
from parity.taps import DecoderShape

__all__ = ["QWEN3"]

_SITES = {
    **QWEN2.sites,
    "q_norm": Site("model.layers.{layer}.self_attn.q_norm"),
    "k_norm": Site("model.layers.{layer}.self_attn.k_norm"),
}


def _shape(config: Any) -> DecoderShape:
    return replace(QWEN2.shape(config), head_dim=config.head_dim, qk_norm=True)


QWEN3 = Family("qwen3", _SITES, "model.rotary_emb", _shape, eager_attention_forward)
"""Qwen3ForCausalLM."""
