"""Group E: quantised weights, right and wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.faults.reweighted import MODULE_OF_TAP, Floats, reweighted
from qwen_trt_model.graph.ops import Ops

__all__ = ["QUANTISATION_FAULTS"]


def _changed(tap: str, change: Callable[[Floats], Floats]) -> Callable[[Ops], Ops]:
    return reweighted(MODULE_OF_TAP[tap], lambda weight, bias: (change(weight).astype(np.float32), bias))


def _quantised(bits: int, group: int | None) -> Callable[[Floats], Floats]:
    """Symmetric, with a scale for each row, or for each group of inputs."""

    def change(weight: Floats) -> Floats:
        codes, scale = _codes(weight, bits, group)
        return (codes * scale).reshape(weight.shape)

    return change


def _codes(weight: Floats, bits: int, group: int | None) -> tuple[Floats, Floats]:
    blocks = weight.reshape(len(weight), -1, group or weight.shape[1])
    largest = np.abs(blocks).max(axis=-1, keepdims=True)
    scale = np.where(largest > 0, largest, 1.0) / (2 ** (bits - 1) - 1)
    return np.rint(blocks / scale), scale.astype(np.float32)


def _scales_of_other_rows(bits: int) -> Callable[[Floats], Floats]:
    """The scales of the rows are one place off."""

    def change(weight: Floats) -> Floats:
        codes, scale = _codes(weight, bits, None)
        restored: Floats = codes * np.roll(scale, 1, axis=0)
        return restored.reshape(weight.shape)

    return change


def _unscaled(bits: int) -> Callable[[Floats], Floats]:
    def change(weight: Floats) -> Floats:
        codes, scale = _codes(weight, bits, None)
        # Integers as they are would overflow 16 bits further on; one scale for all rows is as wrong.
        restored: Floats = codes * np.float32(np.median(scale))
        return restored.reshape(weight.shape)

    return change


def _zero_off_by_one(bits: int, group: int) -> Callable[[Floats], Floats]:
    """Asymmetric, with a zero point that is one too large, as GPTQ's files store it."""

    def change(weight: Floats) -> Floats:
        blocks = weight.reshape(len(weight), -1, group)
        low, high = blocks.min(axis=-1, keepdims=True), blocks.max(axis=-1, keepdims=True)
        scale = np.where(high > low, high - low, 1.0) / (2**bits - 1)
        zero = np.rint(-low / scale)
        codes = np.clip(np.rint(blocks / scale) + zero, 0, 2**bits - 1)
        restored: Floats = (codes - zero - 1) * scale
        return restored.reshape(weight.shape)

    return change


def _group_of(rng: np.random.Generator, tap: str, config: QwenConfig) -> int:
    width = config.intermediate_size if tap == "mlp_out" else config.hidden_size
    return int(rng.choice([size for size in (16, 32, 64, 128) if width % size == 0]))


def _draw_quantised(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap, bits = str(rng.choice(["attn_out", "gate", "up", "mlp_out"])), int(rng.choice([4, 8]))
    group = _group_of(rng, tap, config) if rng.integers(2) else None
    words = f"int{bits} in {tap}, {'a scale per row' if group is None else f'groups of {group}'}"
    return Size(words, _changed(tap, _quantised(bits, group)), first_tap=tap)


def _draw_scales(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap, bits = str(rng.choice(["attn_out", "gate", "up", "mlp_out"])), int(rng.choice([4, 8]))
    return Size(f"int{bits} in {tap}", _changed(tap, _scales_of_other_rows(bits)), first_tap=tap)


def _draw_zero(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap, bits = str(rng.choice(["attn_out", "gate", "up", "mlp_out"])), int(rng.choice([4, 8]))
    group = _group_of(rng, tap, config)
    return Size(f"int{bits} in {tap}, groups of {group}", _changed(tap, _zero_off_by_one(bits, group)), first_tap=tap)


QUANTISATION_FAULTS = (
    Fault(
        "E01",
        "quantised-weights",
        "Weights are rounded to integers with a scale for each row or group of inputs.",
        "mlp_out",
        ("weights_quantised",),
        (Size("int8 in mlp_out", _changed("mlp_out", _quantised(8, None))),),
        draw=_draw_quantised,
    ),
    Fault(
        "E03",
        "scales-of-other-rows",
        "Quantised weights have each other's scales.",
        "gate",
        ("quantisation_scale", "weight_scale", "channel_scale"),
        (
            Size("int8 in gate, one row on", _changed("gate", _scales_of_other_rows(8))),
            Size("int8 in gate, one scale for all", _changed("gate", _unscaled(8))),
        ),
        draw=_draw_scales,
    ),
    Fault(
        "E06",
        "zero-point-off-by-one",
        "Quantised weights have zero points that are one too large.",
        "mlp_out",
        ("weights_quantised",),
        (Size("int4 in mlp_out, groups of 16", _changed("mlp_out", _zero_off_by_one(4, 16))),),
        draw=_draw_zero,
    ),
)
