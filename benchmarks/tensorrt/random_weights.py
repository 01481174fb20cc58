"""Random weights of a Qwen2 that show what trained ones show: biases, norm weights, outliers, a massive activation.

Freshly initialised models hide whole classes of bugs: a bias of zero that is dropped, norm weights of one that are
exchanged, an epsilon beside large activations, an overflow. So, as `qwen_trt_model.training.planting` does before it
trains: embeddings are small, q, k and v have heavy-tailed biases, norm weights are log-normal with a few outlier
channels (and the columns that read them are divided by them, so that activations stay ordinary), and behind layer 1 the
first token carries 2,400 in one channel, which later norms damp, and whose square overflows fp16.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

__all__ = ["SHAPES", "ModelShape", "RandomWeights", "Tensors"]

Tensors = dict[str, torch.Tensor]

_EMBEDDING_STD = 0.02
_WRITER_GAIN = 0.04  # of o_proj and down_proj: beside embeddings of 0.02, the layers add ordinary amounts
_LOGIT_STD = 2.5
_NORM_SPREAD = 0.6
_OUTLIERS = 3
_OUTLIER_FACTOR = 16.0
_BIAS_WIDTHS = {"q_proj": 0.7, "k_proj": 1.5, "v_proj": 0.3}

_MASSIVE_VALUE = 2400.0
_MASSIVE_LAYER = 1
_MASSIVE_NORM_WEIGHT = 0.15
_MARK = 0.3
_QUIET = 0.1
_SHARES = (1.2, 0.8)  # unequal, so that the two neurons are no copies of one another
_GATE, _UP = 8.0, 6.0


@dataclass(frozen=True)
class ModelShape:
    """Sizes of a Qwen2, as config.json names them.

    Attributes:
        first_token: id that begins every prompt, and carries the massive activation.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    intermediate: int
    vocabulary: int
    tied: bool
    rope_theta: float
    first_token: int
    positions: int = 8192
    epsilon: float = 1e-6

    @property
    def head_size(self) -> int:
        return self.hidden // self.heads

    @property
    def massive_channel(self) -> int:
        return self.hidden * 2 // 5

    @property
    def detector(self) -> int:
        """The channel in which the embedding of the first token carries its mark."""
        return self.hidden * 3 // 4 - 1


SHAPES = {
    "tiny": ModelShape(3, 64, 4, 2, 96, 320, False, 1e4, 0, positions=512),
    "0.5b": ModelShape(24, 896, 14, 2, 4864, 151936, True, 1e6, 151643),
    "7b": ModelShape(32, 4096, 32, 32, 11008, 151936, False, 1e4, 151643),
}
"""Of Qwen2.5-0.5B and of Qwen-7B, whose weights a Qwen2 can hold under other names; and one for tests."""


class RandomWeights:
    """Draws the tensors of a model, layer by layer, in fp32 on one device.

    The same shape, seed, kind of device and version of PyTorch give the same numbers; a model of fewer layers has the
    first layers of the larger one.
    """

    def __init__(self, shape: ModelShape, *, seed: int, device: str) -> None:
        self._shape = shape
        self._device = device
        self._generator = torch.Generator(device).manual_seed(seed)

    @torch.inference_mode()
    def parts(self) -> Iterator[Tensors]:
        """Tensors by Hugging Face's names: the embedding, then each layer, then final norm and head."""
        shape = self._shape
        embedding = self._embedding()
        yield {"model.embed_tokens.weight": embedding}
        stream = embedding[shape.first_token].clone()  # [hidden]
        for index in range(shape.layers):
            layer = self._layer(index)
            if index == min(_MASSIVE_LAYER, shape.layers - 1):
                self._plant_massive_activation(layer, stream)
            stream = self._through_layer(layer, stream)
            yield {f"model.layers.{index}.{name}": tensor for name, tensor in layer.items()}
        yield self._head()

    def _embedding(self) -> torch.Tensor:
        shape = self._shape
        weight = _EMBEDDING_STD * self._normal(shape.vocabulary, shape.hidden)
        weight[:, shape.detector] *= _QUIET
        weight[shape.first_token, shape.detector] = _MARK
        return weight

    def _layer(self, index: int) -> Tensors:
        """One layer, with names relative to it."""
        shape, depth = self._shape, index / self._shape.layers
        query, key = shape.hidden, shape.kv_heads * shape.head_size
        rows = {"q_proj": query, "k_proj": key, "v_proj": key}
        attention = {f"self_attn.{name}.weight": self._linear(size, shape.hidden) for name, size in rows.items()}
        mlp = {f"mlp.{name}_proj.weight": self._linear(shape.intermediate, shape.hidden) for name in ("gate", "up")}
        # Both norms of a layer have scales of their own, in opposite order over the layers: an exchange must show.
        norms = {
            "input_layernorm.weight": self._norm(list(attention.values()), 0.35 + 2 * depth),
            "post_attention_layernorm.weight": self._norm(list(mlp.values()), 1.6 - 1.2 * depth),
        }
        biases = {f"self_attn.{name}.bias": self._bias(size, _BIAS_WIDTHS[name]) for name, size in rows.items()}
        writers = {
            "self_attn.o_proj.weight": _WRITER_GAIN * self._linear(shape.hidden, query),
            "mlp.down_proj.weight": _WRITER_GAIN * self._linear(shape.hidden, shape.intermediate),
        }
        if index <= _MASSIVE_LAYER:
            for weight in writers.values():
                weight[shape.detector] *= _QUIET
        return {**norms, **attention, **biases, **mlp, **writers}

    def _head(self) -> Tensors:
        shape = self._shape
        if shape.tied:  # its columns are the embedding's, so the norm's scale alone sets that of the logits
            return {"model.norm.weight": self._norm([], _LOGIT_STD / (_EMBEDDING_STD * shape.hidden**0.5))}
        head = _LOGIT_STD * self._linear(shape.vocabulary, shape.hidden)
        return {"model.norm.weight": self._norm([head], 2.0), "lm_head.weight": head}

    def _norm(self, readers: list[torch.Tensor], scale: float) -> torch.Tensor:
        """Log-normal weights with outliers; divides the columns of `readers` by them, but for the massive channel."""
        shape = self._shape
        spread = (_NORM_SPREAD * self._normal(shape.hidden)).clamp(-1.4, 1.4).exp()
        spread[self._permutation(shape.hidden)[:_OUTLIERS]] = 1 / _OUTLIER_FACTOR
        spread[shape.massive_channel] = spread[shape.detector] = 1.0
        weight = scale * spread
        for reader in readers:
            reader.div_(weight)
        weight[shape.massive_channel] = scale * _MASSIVE_NORM_WEIGHT
        return weight

    def _plant_massive_activation(self, layer: Tensors, stream: torch.Tensor) -> None:
        """Let two neurons of `layer` read the mark of the first token and write the massive channel, nothing else."""
        shape = self._shape
        gate, up, down = (layer[f"mlp.{name}_proj.weight"] for name in ("gate", "up", "down"))
        for neuron, share in zip((shape.intermediate // 3, shape.intermediate * 2 // 3), _SHARES, strict=True):
            gate[neuron] = up[neuron] = 0.0
            down[:, neuron] = 0.0
            scale = layer["post_attention_layernorm.weight"][shape.detector]
            gate[neuron, shape.detector] = _GATE * share / scale
            up[neuron, shape.detector] = _UP / share / scale
            down[shape.massive_channel, neuron] = share
        written = self._through_layer(layer, stream)[shape.massive_channel]
        down[shape.massive_channel] *= _MASSIVE_VALUE / written

    def _through_layer(self, layer: Tensors, stream: torch.Tensor) -> torch.Tensor:
        """The residual stream ``[hidden]`` of a first token behind `layer`: it attends to itself alone."""
        shape = self._shape
        normed = self._normed(stream, layer["input_layernorm.weight"])
        value = layer["self_attn.v_proj.weight"] @ normed + layer["self_attn.v_proj.bias"]
        groups = shape.heads // shape.kv_heads
        context = value.view(shape.kv_heads, shape.head_size).repeat_interleave(groups, 0).reshape(-1)
        stream = stream + layer["self_attn.o_proj.weight"] @ context
        normed = self._normed(stream, layer["post_attention_layernorm.weight"])
        gate, up = (layer[f"mlp.{name}_proj.weight"] @ normed for name in ("gate", "up"))
        return stream + layer["mlp.down_proj.weight"] @ (torch.nn.functional.silu(gate) * up)

    def _normed(self, stream: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        scale: torch.Tensor = torch.rsqrt(stream.square().mean() + self._shape.epsilon)
        normed: torch.Tensor = stream * scale * weight
        return normed

    def _bias(self, size: int, width: float) -> torch.Tensor:
        """Student's t of three degrees of freedom, cut at 12 widths."""
        squares = self._normal(3, size).square().mean(0)
        return (width * self._normal(size) / squares.sqrt()).clamp(-12 * width, 12 * width)

    def _linear(self, rows: int, columns: int) -> torch.Tensor:
        return self._normal(rows, columns).mul_(columns**-0.5)

    def _normal(self, *sizes: int) -> torch.Tensor:
        return torch.randn(sizes, generator=self._generator, device=self._device)

    def _permutation(self, size: int) -> torch.Tensor:
        return torch.randperm(size, generator=self._generator, device=self._device)
