"""Tiny random Qwen checkpoints, as Hugging Face folders.

Freshly initialised models hide bugs: their biases are zero and their norm weights one. Here biases are
N(0, 1), norm weights log-normal and embeddings small, so that a dropped bias, two swapped norms or another
eps show.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["save_tiny_qwen2", "save_tiny_qwen3", "save_tiny_tokenizer"]

_CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
_TEXT = "def add(first, second):\n    return first + second\n\nfor line in open(path):\n    print(add(line, 1))\n"
_SIZES: dict[str, Any] = {
    "vocab_size": 320,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "eos_token_id": 0,
    "pad_token_id": 0,
}


def save_tiny_qwen2(folder: Path, **changes: Any) -> Path:
    """Save a Qwen2 of 3 layers (4 query and 2 key heads of 8 channels, untied) in bf16, with a tokenizer."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    own = {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4}}
    return _save(Qwen2ForCausalLM(Qwen2Config(**{**_SIZES, **own, **changes})), folder)


def save_tiny_qwen3(folder: Path, **changes: Any) -> Path:
    """Save a Qwen3 of 3 layers (4 and 2 heads of 16 channels, so 64 != hidden 32; tied) in bf16, likewise."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    rope = {"rope_type": "default", "rope_theta": 1e6}
    own = {"head_dim": 16, "tie_word_embeddings": True, "rope_parameters": rope}
    return _save(Qwen3ForCausalLM(Qwen3Config(**{**_SIZES, **own, **changes})), folder)


def save_tiny_tokenizer(folder: Path) -> None:
    """Save a byte-level BPE of at most 320 tokens with ChatML's template, as Qwen has it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=_SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([_TEXT], trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=_CHATML
    ).save_pretrained(folder)


def _save(model: Any, folder: Path) -> Path:
    import torch

    _randomise(model, torch.Generator().manual_seed(20))
    model.to(torch.bfloat16).save_pretrained(folder)
    save_tiny_tokenizer(folder)
    return folder


def _randomise(model: Any, generator: Any) -> None:
    import torch

    with torch.no_grad():
        for name, weight in model.named_parameters():
            draw = torch.randn(weight.shape, generator=generator)
            if name.endswith("bias"):
                weight.copy_(draw)
            elif "norm" in name:
                weight.copy_((0.5 * draw).exp())
            elif "embed_tokens" in name:
                weight.copy_(0.05 * draw)
            else:
                weight.copy_(draw / weight.shape[-1] ** 0.5)
