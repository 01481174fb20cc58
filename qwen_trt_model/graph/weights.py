"""Weights as ONNX initializers: pointers into the checkpoint's safetensors file, never copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from parity.dtypes import dtype_info
from qwen_trt_model.checkpoint import Checkpoint

__all__ = ["external_tensor", "inline_tensor", "onnx_dtype"]

_ONNX_DTYPES = {
    "float32": ir.DataType.FLOAT,
    "float16": ir.DataType.FLOAT16,
    "bfloat16": ir.DataType.BFLOAT16,
    "int64": ir.DataType.INT64,
}


def onnx_dtype(name: str) -> ir.DataType:
    """ONNX's type of a numpy dtype name."""
    return _ONNX_DTYPES[name]


def external_tensor(checkpoint: Checkpoint, name: str) -> ir.ExternalTensor:
    """The tensor of that TensorRT-LLM name, as location, offset and length in rank0.safetensors."""
    stored = checkpoint.tensors[name]
    return ir.ExternalTensor(
        stored.file.name,
        stored.start,
        stored.stop - stored.start,
        onnx_dtype(checkpoint.config.dtype),
        shape=ir.Shape(stored.shape),
        name=name,
        base_dir=checkpoint.folder,
    )


def inline_tensor(values: npt.ArrayLike, dtype: str, *, name: str) -> ir.TensorProtocol:
    """A small constant that is stored in the graph itself.

    Args:
        values: numbers; rounded to `dtype`.
        dtype: numpy's name.
        name: of the initializer.
    """
    target: np.dtype[Any] = np.dtype(np.int64) if dtype == "int64" else np.dtype(dtype_info(dtype).numpy)
    return ir.tensor(np.asarray(values).astype(target), dtype=onnx_dtype(dtype), name=name)
