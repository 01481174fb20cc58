"""Versions and numeric settings: what a dump has to say so that its numbers can be had again."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import transformers

__all__ = ["ieee_float32", "library_versions", "numeric_flags"]


@contextmanager
def ieee_float32() -> Iterator[None]:
    """While this is open, fp32 products are fp32: TF32 and bf16 shortcuts are off."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def library_versions(device: torch.device) -> dict[str, str]:
    """Versions by name; on a GPU with CUDA's and the GPU's name."""
    versions = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    if device.type == "cuda":
        versions["cuda"] = str(torch.version.cuda)
        versions["gpu"] = torch.cuda.get_device_name(device)
    return versions


def numeric_flags(config: Any, *, dtype: str, attention: str, device: torch.device) -> dict[str, str]:
    """Settings by name that change numbers, in words."""
    flags = {
        "attention": attention,
        "device": device.type,
        "threads": str(torch.get_num_threads()),
        "tf32": "off",
        "rotary": str(config.rope_parameters["rope_type"]),
        "sliding_window": _sliding_window(config),
        "weights": f"each converted once from stored to {dtype}; rotary frequencies float32",
    }
    if dtype == "float64":
        flags["truth"] = "RMSNorm, softmax and rotary tables in float64, where transformers has float32"
    if attention == "sdpa":
        flags["scores"] = "scores and probs recomputed beside the fused kernel, in float32 or wider"
    if device.type == "cuda":
        reduced = torch.backends.cuda.matmul
        flags["fp16_reduced_precision_reduction"] = str(reduced.allow_fp16_reduced_precision_reduction)
        flags["bf16_reduced_precision_reduction"] = str(reduced.allow_bf16_reduced_precision_reduction)
    return flags


def _sliding_window(config: Any) -> str:
    layers = [str(index) for index, kind in enumerate(config.layer_types) if kind == "sliding_attention"]
    return f"{config.sliding_window} in layers {', '.join(layers)}" if layers else "none"
