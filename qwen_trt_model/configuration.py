"""The sizes and constants of a Qwen network, under the names that TensorRT-LLM's QWenConfig gives them."""

from __future__ import annotations

from dataclasses import dataclass, field

from parity.errors import ParityError
from parity.taps import DecoderShape

__all__ = ["ARCHITECTURES", "DTYPES", "ParallelMapping", "Quantization", "QwenConfig", "check_sizes"]

ARCHITECTURES = {"qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}
"""Every model type that can be built, with its architecture; Qwen2.5 is of type qwen2."""

DTYPES = ("float32", "float16", "bfloat16")
"""What a checkpoint can be stored in and a network compute in."""


@dataclass(frozen=True)
class ParallelMapping:
    """How many ranks a checkpoint is spread over; only one is supported."""

    world_size: int = 1
    tp_size: int = 1
    pp_size: int = 1


@dataclass(frozen=True)
class Quantization:
    """Quantisation algorithms of weights and cache, by TensorRT-LLM's names; only None is supported."""

    quant_algo: str | None = None
    kv_cache_quant_algo: str | None = None


@dataclass(frozen=True, kw_only=True)
class QwenConfig:
    """Everything that decides the numbers of a dense Qwen2, Qwen2.5 or Qwen3, beside its weights.

    Attributes:
        architecture: ``Qwen2ForCausalLM`` or ``Qwen3ForCausalLM``.
        qwen_type: ``qwen2`` (also Qwen2.5) or ``qwen3``.
        dtype: what the weights are stored in and the network computes in, numpy's name.
        vocab_size, hidden_size, num_hidden_layers, intermediate_size: sizes.
        num_attention_heads, num_key_value_heads: heads of queries, and of keys and values.
        head_size: channels of a head; ``num_attention_heads * head_size`` need not be `hidden_size`.
        norm_epsilon: added to the mean square in every RMS norm.
        max_position_embeddings: how many positions the model was made for.
        rotary_base: theta of the rotary embedding.
        attn_bias: whether q, k and v have biases.
        tie_word_embeddings: whether the head is the embedding.
        hidden_act: activation of the gate; only ``silu``.
        position_embedding_type: only ``rope_gpt_neox`` (rotation of halves).
        rotary_scaling: only None.
        use_logn_attn: only False.
        seq_length: length beyond which logn attention would scale queries; without effect here.
        logits_dtype: what TensorRT-LLM widens the logits to; the network gives them in `dtype`, the same values.
        mapping: ranks.
        quantization: algorithms.
    """

    architecture: str
    qwen_type: str
    dtype: str
    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_size: int
    intermediate_size: int
    norm_epsilon: float
    max_position_embeddings: int
    rotary_base: float
    attn_bias: bool
    tie_word_embeddings: bool
    hidden_act: str = "silu"
    position_embedding_type: str = "rope_gpt_neox"
    rotary_scaling: None = None
    use_logn_attn: bool = False
    seq_length: int = 8192
    logits_dtype: str = "float32"
    mapping: ParallelMapping = field(default_factory=ParallelMapping)
    quantization: Quantization = field(default_factory=Quantization)

    @property
    def qk_norm(self) -> bool:
        """Whether queries and keys are normalised per head before the rotary embedding."""
        return self.qwen_type == "qwen3"

    @property
    def query_size(self) -> int:
        """Channels of all query heads together."""
        return self.num_attention_heads * self.head_size

    @property
    def key_size(self) -> int:
        """Channels of all key heads together, and of all value heads."""
        return self.num_key_value_heads * self.head_size

    @property
    def decoder_shape(self) -> DecoderShape:
        """The sizes that decide which taps there are."""
        return DecoderShape(
            layers=self.num_hidden_layers,
            hidden=self.hidden_size,
            heads=self.num_attention_heads,
            kv_heads=self.num_key_value_heads,
            head_dim=self.head_size,
            intermediate=self.intermediate_size,
            vocabulary=self.vocab_size,
            qk_norm=self.qk_norm,
        )


_POSITIVE = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_size",
    "intermediate_size",
    "norm_epsilon",
    "max_position_embeddings",
    "rotary_base",
)


def check_sizes(config: QwenConfig, *, at: str) -> QwenConfig:
    """Return `config` if its sizes fit a decoder.

    Args:
        config: what was read.
        at: where it was read, for messages.

    Raises:
        ParityError: they do not; the message lists every reason.
    """
    problems = [f"{name} = {getattr(config, name)} is not positive" for name in _POSITIVE if getattr(config, name) <= 0]
    if not problems and config.num_attention_heads % config.num_key_value_heads:
        problems.append(
            f"num_attention_heads = {config.num_attention_heads} is no multiple of num_key_value_heads = "
            f"{config.num_key_value_heads}"
        )
    if config.head_size % 2:
        problems.append(f"head_size = {config.head_size} is odd, so it has no halves to rotate")
    if problems:
        raise ParityError(f"{at}: {'; '.join(problems)}", cure="copy or download config.json again")
    return config
