"""The reference's weights for replay, straight from the Hugging Face folder and without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt

from parity.replay.parameters import DecoderSettings, Parameters
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.graph.rotary import inverse_frequencies
from qwen_trt_model.huggingface_config import read_huggingface_config
from qwen_trt_model.huggingface_weights import HuggingFaceWeights, open_huggingface_weights
from qwen_trt_model.storage import map_tensor

__all__ = ["HuggingFaceReferenceWeights", "open_reference_weights"]

_OUTSIDE = {"embed": "model.embed_tokens", "final_norm": "model.norm", "logits": "lm_head"}
_IN_LAYER = {
    "input_norm": "input_layernorm",
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "q_norm": "self_attn.q_norm",
    "k_norm": "self_attn.k_norm",
    "attn_out": "self_attn.o_proj",
    "post_norm": "post_attention_layernorm",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "mlp_out": "mlp.down_proj",
}


class HuggingFaceReferenceWeights:
    """A `parity.replay.ReferenceWeights` over the safetensors files of a Hugging Face folder, read on demand."""

    def __init__(self, config: QwenConfig, weights: HuggingFaceWeights) -> None:
        self._config = config
        self._weights = weights

    @property
    def settings(self) -> DecoderSettings:
        """Numbers of the configuration."""
        config = self._config
        return DecoderSettings(
            shape=config.decoder_shape,
            norm_epsilon=config.norm_epsilon,
            inverse_frequencies=inverse_frequencies(config.head_size, config.rotary_base),
            rotary_scale=1.0,
            attention_scale=config.head_size**-0.5,
            sliding_windows=(None,) * config.num_hidden_layers,
        )

    def parameters(self, tap: str) -> Parameters:
        """The stored weights of the operation that makes `tap`; a tied head is the embedding."""
        module = _module(tap)
        if module == "lm_head" and self._config.tie_word_embeddings:
            module = _OUTSIDE["embed"]
        return Parameters(self._tensor(f"{module}.weight"), self._tensor(f"{module}.bias"))

    def _tensor(self, name: str) -> npt.NDArray[Any] | None:
        stored = self._weights.tensors.get(name)
        return None if stored is None else map_tensor(stored)


def open_reference_weights(folder: Path) -> HuggingFaceReferenceWeights:
    """Open the weights of a Hugging Face folder for replay.

    Raises:
        ParityError: as for `read_huggingface_config` and `open_huggingface_weights`.
    """
    config = read_huggingface_config(folder, dtype="float32")
    return HuggingFaceReferenceWeights(config, open_huggingface_weights(folder, config))


def _module(tap: str) -> str:
    """The Hugging Face module whose weights make `tap`; a name that no tensor has where there are none."""
    *layer, kind = tap.split(".")
    if not layer:
        return _OUTSIDE.get(kind, "")
    return f"model.layers.{layer[-1]}.{_IN_LAYER.get(kind, '')}"
