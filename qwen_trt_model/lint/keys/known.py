"""Every key of a checkpoint's config.json that the rules read, or that changes nothing."""

from __future__ import annotations

from qwen_trt_model.checkpoint_config import KEYS_WITHOUT_EFFECT

__all__ = ["KNOWN_KEYS"]

_READ = {
    "architecture",
    "attn_bias",
    "dense_bias",
    "dtype",
    "embedding_sharding_dim",
    "head_size",
    "hidden_act",
    "hidden_size",
    "intermediate_size",
    "kv_dtype",
    "logits_dtype",
    "mapping",
    "max_position_embeddings",
    "mlp_bias",
    "moe",
    "moe_num_experts",
    "norm_epsilon",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
    "position_embedding_type",
    "quantization",
    "qwen_type",
    "rotary_base",
    "rotary_dim",
    "rotary_embedding_dim",
    "rotary_pct",
    "rotary_scaling",
    "seq_length",
    "share_embedding_table",
    "tie_word_embeddings",
    "use_logn_attn",
    "use_parallel_embedding",
    "vocab_size",
}
_WITHOUT_EFFECT = {
    "is_pruned",
    "lm_head_bias",
    "moe_intermediate_size",
    "moe_shared_expert_intermediate_size",
    "qk_layernorm",
    "residual_mlp",
    "rmsnorm",
}
"""Keys that TensorRT-LLM writes for a Qwen and does not read for a dense one."""

KNOWN_KEYS = frozenset(_READ | _WITHOUT_EFFECT | set(KEYS_WITHOUT_EFFECT))
"""Keys that need not be pointed out."""
