"""Checkpoints quantised as TensorRT-LLM stores them, by formulae of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ml_dtypes
import numpy as np
from lint_samples import Array, Sample

__all__ = ["LINEAR", "awq", "fp8", "gptq", "int8_cache", "smooth", "weight_only"]

LINEAR = ("attention.qkv", "attention.dense", "mlp.fc", "mlp.gate", "mlp.proj")


def quantised(sample: Sample, algorithm: str, quantise: Callable[[Array], Mapping[str, Array]], **keys: Any) -> Sample:
    """Every linear layer of every rank replaced by what `quantise` makes of its weight in fp64, ``[out, in]``."""
    ranks = {}
    for rank, weights in sample.ranks.items():
        kept = dict(weights)
        for name in weights:
            if name.endswith(tuple(f"{module}.weight" for module in LINEAR)):
                module = name.removesuffix(".weight")
                made = quantise(kept.pop(name).astype(np.float64))
                kept |= {f"{module}.{suffix}": array for suffix, array in made.items()}
        ranks[rank] = kept
    quantization = {"quant_algo": algorithm, "kv_cache_quant_algo": None, **keys}
    return Sample(sample.model, {**sample.config, "quantization": quantization}, ranks)


def weight_only(sample: Sample, bits: int, *, biased: bool = True) -> Sample:
    """W8A16 or W4A16: one scale for each output, codes ``[in, out]`` in an order that only a GPU kernel knows."""
    rng = np.random.default_rng(bits)
    levels = 2 ** (bits - 1)

    def quantise(weight: Array) -> Mapping[str, Array]:
        scale = (np.abs(weight).max(axis=1) / levels).astype(np.float32)
        scaled = weight / scale[:, None].astype(np.float64)
        codes = np.clip(np.sign(scaled) * np.floor(np.abs(scaled) + 0.5), -levels, levels - 1).astype(np.int64).T
        codes = codes[rng.permutation(len(codes))] + (levels if biased else 0)  # rows permuted, made unsigned
        if bits == 4:
            codes = (codes[:, ::2] & 0xF) | (codes[:, 1::2] & 0xF) << 4
        packed = (codes & 0xFF).astype(np.uint8).view(np.int8)
        return {"weight": packed, "per_channel_scale": scale.astype(np.float16)}

    return quantised(sample, f"W{bits}A16", quantise)


def awq(sample: Sample, *, group: int = 16, exported: bool = False) -> Sample:
    """W4A16_AWQ: a factor for each input, then a scale for each group of inputs and each output."""
    rng = np.random.default_rng(7)

    def quantise(weight: Array) -> Mapping[str, Array]:
        before = rng.uniform(0.5, 2, weight.shape[1])
        scaled = (weight / before).reshape(len(weight), -1, group)
        scale = np.abs(scaled).max(axis=2) / 8  # [out, group]
        codes = np.clip(np.round(scaled / scale[..., None]), -8, 7).astype(np.int64).reshape(weight.shape)
        if exported:  # as ModelOpt leaves it, before TensorRT-LLM prepares it for its kernels
            packed = ((codes[::2] & 0xF) | (codes[1::2] & 0xF) << 4).astype(np.uint8).view(np.int8)
            arrays = {"weight": packed, "weights_scaling_factor": scale, "prequant_scaling_factor": before}
        else:
            packed = ((codes.T[:, ::2] & 0xF) | (codes.T[:, 1::2] & 0xF) << 4).astype(np.uint8)
            arrays = {"weight": np.ascontiguousarray(packed).view(np.float16), "weights_scaling_factor": scale.T}
            arrays["prequant_scaling_factor"] = before.reshape(1, -1)
        return {name: array if name == "weight" else array.astype(np.float16) for name, array in arrays.items()}

    return quantised(sample, "W4A16_AWQ", quantise, group_size=group, pre_quant_scale=True, has_zero_point=False)


def gptq(sample: Sample, *, group: int = 16) -> Sample:
    """W4A16_GPTQ: a scale and a zero for each group of inputs and each output."""

    def quantise(weight: Array) -> Mapping[str, Array]:
        parts = weight.reshape(len(weight), -1, group)
        scale = (parts.max(axis=2) - parts.min(axis=2)) / 15
        zero = np.round(-parts.min(axis=2) / scale)
        codes = np.clip(np.round(parts / scale[..., None]) + zero[..., None], 0, 15).astype(np.int64)
        signed = codes.reshape(weight.shape).T - 8
        packed = ((signed[:, ::2] & 0xF) | (signed[:, 1::2] & 0xF) << 4).astype(np.uint8)
        return {
            "weight": np.ascontiguousarray(packed).view(np.float16),
            "weights_scaling_factor": scale.T.astype(np.float16),
            "zero": ((8 - zero) * scale).T.astype(np.float16),
        }

    return quantised(sample, "W4A16_GPTQ", quantise, group_size=group, pre_quant_scale=False, has_zero_point=True)


def smooth(sample: Sample) -> Sample:
    """W8A8_SQ_PER_CHANNEL_PER_TOKEN_PLUGIN: int8 ``[out, in]``, and a smoother where no norm stands in front."""

    def quantise(weight: Array) -> Mapping[str, Array]:
        scale = np.abs(weight).max(axis=1, keepdims=True) / 127
        return {
            "weight": np.round(weight / scale).astype(np.int8),
            "per_channel_scale": scale.T.astype(np.float32),
            "smoother": np.ones((1, weight.shape[1]), np.float32),
        }

    made = quantised(sample, "W8A8_SQ_PER_CHANNEL_PER_TOKEN_PLUGIN", quantise)
    norms = {f"transformer.layers.{layer}.input_layernorm.scale_to_int": np.ones(1, np.float32) for layer in range(3)}
    needless = [
        name for name in made.weights if name.endswith("smoother") and "dense" not in name and "proj" not in name
    ]
    return made.with_tensors(norms, without=tuple(needless))


def fp8(sample: Sample) -> Sample:
    """FP8: e4m3 codes, one scale for each tensor."""

    def quantise(weight: Array) -> Mapping[str, Array]:
        scale = np.abs(weight).max() / 448
        codes = (weight / scale).astype(np.float32).astype(ml_dtypes.float8_e4m3fn).view(np.int8)
        one = np.array([scale], np.float32)
        return {"weight": codes, "weights_scaling_factor": one, "activation_scaling_factor": 0 * one + 0.02}

    return quantised(sample, "FP8", quantise)


def int8_cache(sample: Sample, values: Mapping[int, float], *, algorithm: str = "INT8") -> Sample:
    """A cache with one scale for each layer."""
    scales = {
        f"transformer.layers.{layer}.attention.kv_cache_scaling_factor": np.array([value], np.float32)
        for layer, value in values.items()
    }
    quantization = {"quant_algo": None, "kv_cache_quant_algo": algorithm}
    return sample.with_keys(quantization=quantization).with_tensors(scales)
