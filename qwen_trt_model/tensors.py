"""Which tensors a checkpoint holds on both sides, and which Hugging Face tensors each TensorRT-LLM tensor is made of.

The names are those of TensorRT-LLM's QWenForCausalLM. Its ``mlp.gate`` is the branch *without* activation, Hugging
Face's ``up_proj``; its ``mlp.fc`` is the activated one, Hugging Face's ``gate_proj``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from parity.errors import ParityError
from qwen_trt_model.configuration import QwenConfig

__all__ = ["EMBEDDING", "LM_HEAD", "CheckpointTensor", "Part", "check_tensors", "checkpoint_tensors"]

EMBEDDING = "transformer.vocab_embedding.weight"
LM_HEAD = "lm_head.weight"

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A Hugging Face tensor: its name and shape, weights as ``[out, in]``."""

    name: str
    shape: Shape


@dataclass(frozen=True)
class CheckpointTensor:
    """A TensorRT-LLM tensor: the rows of its parts, one part after the other."""

    name: str
    parts: tuple[Part, ...]

    @property
    def shape(self) -> Shape:
        """Shape of all parts together, concatenated on axis 0."""
        return (sum(part.shape[0] for part in self.parts), *self.parts[0].shape[1:])


def checkpoint_tensors(config: QwenConfig) -> tuple[CheckpointTensor, ...]:
    """Every tensor of a checkpoint of that configuration, in the order of the forward pass."""
    table = (config.vocab_size, config.hidden_size)
    embedding = Part("model.embed_tokens.weight", table)
    head = embedding if config.tie_word_embeddings else Part("lm_head.weight", table)
    return (
        CheckpointTensor(EMBEDDING, (embedding,)),
        *(tensor for layer in range(config.num_hidden_layers) for tensor in _layer_tensors(config, layer)),
        CheckpointTensor("transformer.ln_f.weight", (Part("model.norm.weight", (config.hidden_size,)),)),
        CheckpointTensor(LM_HEAD, (head,)),
    )


def check_tensors(found: Mapping[str, Shape], expected: Mapping[str, Shape], *, at: str) -> None:
    """Compare the names and shapes that a checkpoint has with those that its configuration demands.

    Raises:
        ParityError: lists missing, extra and misshaped tensors together.
    """
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    misshaped = [
        f"{name} is {list(found[name])}, expected {list(shape)}"
        for name, shape in expected.items()
        if name in found and found[name] != shape
    ]
    problems = [
        f"{len(names)} {what}: {_shorten(names)}"
        for what, names in (("missing", missing), ("extra", extra), ("misshaped", misshaped))
        if names
    ]
    if problems:
        raise ParityError(
            f"{at}: the tensors are not those that config.json describes; {'; '.join(problems)}",
            cure="check that config.json and the weights belong to the same model, and that every file was copied",
        )


def _layer_tensors(config: QwenConfig, layer: int) -> Iterator[CheckpointTensor]:
    ours, theirs = f"transformer.layers.{layer}", f"model.layers.{layer}"
    hidden, wide = config.hidden_size, config.intermediate_size
    yield _single(f"{ours}.input_layernorm.weight", f"{theirs}.input_layernorm.weight", hidden)
    yield from _attention_tensors(config, f"{ours}.attention", f"{theirs}.self_attn")
    yield _single(f"{ours}.post_layernorm.weight", f"{theirs}.post_attention_layernorm.weight", hidden)
    yield _single(f"{ours}.mlp.fc.weight", f"{theirs}.mlp.gate_proj.weight", wide, hidden)
    yield _single(f"{ours}.mlp.gate.weight", f"{theirs}.mlp.up_proj.weight", wide, hidden)
    yield _single(f"{ours}.mlp.proj.weight", f"{theirs}.mlp.down_proj.weight", hidden, wide)


def _attention_tensors(config: QwenConfig, ours: str, theirs: str) -> Iterator[CheckpointTensor]:
    rows = {"q_proj": config.query_size, "k_proj": config.key_size, "v_proj": config.key_size}
    weights = tuple(Part(f"{theirs}.{name}.weight", (size, config.hidden_size)) for name, size in rows.items())
    yield CheckpointTensor(f"{ours}.qkv.weight", weights)
    if config.attn_bias:
        biases = tuple(Part(f"{theirs}.{name}.bias", (size,)) for name, size in rows.items())
        yield CheckpointTensor(f"{ours}.qkv.bias", biases)
    if config.qk_norm:
        yield _single(f"{ours}.q_layernorm.weight", f"{theirs}.q_norm.weight", config.head_size)
        yield _single(f"{ours}.k_layernorm.weight", f"{theirs}.k_norm.weight", config.head_size)
    yield _single(f"{ours}.dense.weight", f"{theirs}.o_proj.weight", config.hidden_size, config.query_size)


def _single(ours: str, theirs: str, *shape: int) -> CheckpointTensor:
    return CheckpointTensor(ours, (Part(theirs, shape),))


def _shorten(names: list[str], *, limit: int = 12) -> str:
    rest = f", and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + rest
