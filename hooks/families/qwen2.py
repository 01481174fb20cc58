"""Qwen2 and Qwen2.5: biases on q, k and v; heads of hidden size divided by number of heads."""

from __future__ import annotations

from typing import Any

from transformers.models.qwen2.modeling_qwen2 import eager_attention_forward

from parity.hooks.families.family import Family, Site
from parity.taps import DecoderShape

__all__ = ["QWEN2"]

_LAYER = "model.layers.{layer}"

# act, attn_ctx and resid_mid are sums and products between modules: no module returns them, the next one is
# given them.
_SITES = {
    "embed": Site("model.embed_tokens"),
    "input_norm": Site(f"{_LAYER}.input_layernorm"),
    "q": Site(f"{_LAYER}.self_attn.q_proj"),
    "k": Site(f"{_LAYER}.self_attn.k_proj"),
    "v": Site(f"{_LAYER}.self_attn.v_proj"),
    "attn_ctx": Site(f"{_LAYER}.self_attn.o_proj", "input"),
    "attn_out": Site(f"{_LAYER}.self_attn.o_proj"),
    "resid_mid": Site(f"{_LAYER}.post_attention_layernorm", "input"),
    "post_norm": Site(f"{_LAYER}.post_attention_layernorm"),
    "gate": Site(f"{_LAYER}.mlp.gate_proj"),
    "up": Site(f"{_LAYER}.mlp.up_proj"),
    "act": Site(f"{_LAYER}.mlp.down_proj", "input"),
    "mlp_out": Site(f"{_LAYER}.mlp.down_proj"),
    "resid_out": Site(_LAYER),
    "final_norm": Site("model.norm"),
    "logits": Site("lm_head"),
}


def _shape(config: Any) -> DecoderShape:
    return DecoderShape(
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        head_dim=getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
        intermediate=config.intermediate_size,
        vocabulary=config.vocab_size,
    )


QWEN2 = Family("qwen2", _SITES, "model.rotary_emb", _shape, eager_attention_forward)
"""Qwen2ForCausalLM."""
