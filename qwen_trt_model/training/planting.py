"""What real checkpoints show and fresh ones lack, planted before training: biases, norm weights, outlier channels.

Each of these hides a class of bugs where it is missing: with zero biases a dropped bias is invisible, with
norm weights of one two swapped norms are, without outlier channels every quantisation looks harmless.
"""

from __future__ import annotations

from typing import Any

from qwen_trt_model.training.settings import Run

__all__ = ["plant"]

_EMBEDDING_STD = 0.02
_HEAD_STD = 0.02
_WRITER_GAIN = 0.04
_NORM_SPREAD = 0.6
_OUTLIERS = 3
_OUTLIER_FACTOR = 16.0
_LARGE_K_BIASES = 6


def plant(model: Any, run: Run) -> None:
    """Initialise a Qwen2ForCausalLM in place."""
    import torch

    generator = torch.Generator().manual_seed(run.seed)
    with torch.no_grad():
        _plant_embedding(model, generator)
        for index, layer in enumerate(model.model.layers):
            _plant_layer(layer, index, run, generator)
        _normal(model.lm_head.weight, _HEAD_STD * run.shape.hidden**0.5, generator)
        _plant_norm(model.model.norm, [model.lm_head], 2.0, run, generator)


def _plant_embedding(model: Any, generator: Any) -> None:
    import torch

    weight = model.model.embed_tokens.weight
    weight.copy_(_EMBEDDING_STD * torch.randn(weight.shape, generator=generator))


def _plant_layer(layer: Any, index: int, run: Run, generator: Any) -> None:
    attention, mlp = layer.self_attn, layer.mlp
    readers = [attention.q_proj, attention.k_proj, attention.v_proj]
    for linear in (*readers, mlp.gate_proj, mlp.up_proj):
        _normal(linear.weight, 1.0, generator)
    # The writers begin small: beside embeddings of std 0.02 anything else would drown the tokens.
    for linear in (attention.o_proj, mlp.down_proj):
        _normal(linear.weight, _WRITER_GAIN, generator)
    # Input and post-attention norms get other scales, in opposite order over the layers: a swap must show.
    _plant_norm(layer.input_layernorm, readers, 0.35 + 0.1 * index, run, generator)
    _plant_norm(layer.post_attention_layernorm, [mlp.gate_proj, mlp.up_proj], 1.2 - 0.1 * index, run, generator)
    _plant_biases(attention, generator)


def _plant_norm(norm: Any, readers: list[Any], scale: float, run: Run, generator: Any) -> None:
    """Draw log-normal norm weights and divide the readers' columns by them.

    The function computed stays that of an ordinary initialisation, but the weights are far from one and a
    few input channels of the readers become outliers. The massive channel is read with a small norm weight
    and ordinary columns: real checkpoints damp it there too.
    """
    import torch

    weight = norm.weight
    spread = (_NORM_SPREAD * torch.randn(weight.shape, generator=generator)).clamp(-1.4, 1.4).exp()
    spread[_draw_channels(len(weight), generator)] = 1 / _OUTLIER_FACTOR
    spread[run.massive.channel] = 1.0
    weight.copy_(scale * spread)
    for reader in readers:
        reader.weight.div_(weight)
    weight[run.massive.channel] = scale * run.massive.norm_weight


def _plant_biases(attention: Any, generator: Any) -> None:
    import torch

    for linear, width in ((attention.q_proj, 0.7), (attention.k_proj, 1.5), (attention.v_proj, 0.3)):
        linear.bias.copy_((width * _student_t(linear.bias.shape, generator)).clamp(-12 * width, 12 * width))
    large = torch.randperm(len(attention.k_proj.bias), generator=generator)[:_LARGE_K_BIASES]
    sign = torch.sign(torch.randn(_LARGE_K_BIASES, generator=generator))
    attention.k_proj.bias[large] = sign * torch.linspace(6, 14, _LARGE_K_BIASES)


def _student_t(shape: Any, generator: Any) -> Any:
    """Student's t of three degrees of freedom: a normal draw over the root of a mean of three squares."""
    import torch

    squares = torch.randn((3, *shape), generator=generator).square().mean(0)
    return torch.randn(shape, generator=generator) / squares.sqrt()


def _draw_channels(width: int, generator: Any) -> Any:
    import torch

    return torch.randperm(width, generator=generator)[:_OUTLIERS]


def _normal(weight: Any, gain: float, generator: Any) -> None:
    import torch

    weight.copy_(gain * weight.shape[-1] ** -0.5 * torch.randn(weight.shape, generator=generator))
