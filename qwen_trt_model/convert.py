"""From a Hugging Face folder to a TensorRT-LLM checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from parity.dtypes import dtype_info
from parity.errors import ParityError
from parity.serial import write_json
from qwen_trt_model.casting import CastLoss, cast
from qwen_trt_model.checkpoint import WEIGHTS_FILE
from qwen_trt_model.checkpoint_config import checkpoint_config_plain
from qwen_trt_model.configuration import DTYPES
from qwen_trt_model.conversion import CONVERSION_FILE, Conversion
from qwen_trt_model.huggingface_config import read_huggingface_config
from qwen_trt_model.huggingface_weights import HuggingFaceWeights, open_huggingface_weights
from qwen_trt_model.storage import PlannedTensor, map_tensor, write_tensors
from qwen_trt_model.tensors import CheckpointTensor, checkpoint_tensors

__all__ = ["convert"]


def convert(hf_folder: Path, out: Path, *, dtype: str) -> Path:
    """Write the TensorRT-LLM checkpoint of a Hugging Face model.

    config.json is written last, so a folder in which something went wrong is no checkpoint. One tensor at a time is
    held in memory.

    Args:
        hf_folder: folder with config.json and one or several safetensors files.
        out: folder to write config.json, rank0.safetensors and conversion.json into; made where it is missing.
        dtype: what to store and compute in: fp32, fp16 or bf16, or numpy's name.

    Returns:
        `out`.

    Raises:
        ParityError: the model is not supported, its files are damaged or do not fit its configuration, a value
            overflows in `dtype`, or `out` can't be written or holds another model; the message names key, tensor or
            file.
    """
    target = _checked_dtype(dtype)
    config = read_huggingface_config(Path(hf_folder), dtype=target)
    weights = open_huggingface_weights(Path(hf_folder), config)
    out = Path(out)
    _clear(out)
    losses: dict[str, CastLoss] = {}
    plan = [_plan(tensor, weights, target, losses) for tensor in checkpoint_tensors(config)]
    write_tensors(out / WEIGHTS_FILE, plan)
    record = Conversion(Path(hf_folder).resolve().name, weights.dtype, target, tuple(losses.values()))
    write_json(out / CONVERSION_FILE, record)
    write_json(out / "config.json", checkpoint_config_plain(config))
    return out


def _checked_dtype(dtype: str) -> str:
    name = dtype_info(dtype).name
    if name not in DTYPES:
        raise ParityError(f"dtype {dtype!r}: engines have no fp64", cure="use fp32, fp16 or bf16")
    return name


def _clear(out: Path) -> None:
    """Make `out`, and make it no checkpoint until this conversion is through."""
    config = out / "config.json"
    if config.exists() and not (out / CONVERSION_FILE).exists():
        raise ParityError(
            f"{out}: holds a model that was not converted by this package, so it is not overwritten",
            cure="name another folder for the checkpoint",
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        config.unlink(missing_ok=True)
    except OSError as error:
        raise ParityError(f"{out}: can't be written ({error.strerror})", cure="name another folder") from error


def _plan(
    tensor: CheckpointTensor, weights: HuggingFaceWeights, dtype: str, losses: dict[str, CastLoss]
) -> PlannedTensor:
    def make() -> Iterator[npt.NDArray[Any]]:
        for part in tensor.parts:
            values, loss = cast(map_tensor(weights.tensors[part.name]), dtype, name=part.name)
            if loss:
                losses[part.name] = loss
            yield values

    return PlannedTensor(tensor.name, dtype, tensor.shape, make)
