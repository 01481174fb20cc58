"""Tensors in safetensors files: mapped into memory one at a time, and written one at a time.

safetensors' own writer wants all tensors in memory at once; a converted 7B model would not fit beside its source.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

from parity.digest import StoredTensor
from parity.errors import ParityError

__all__ = ["PlannedTensor", "map_tensor", "numpy_dtype", "write_file", "write_tensors"]

_NUMPY_DTYPES: dict[str, npt.DTypeLike] = {
    "F64": np.dtype(np.float64),
    "F32": np.dtype(np.float32),
    "F16": np.dtype(np.float16),
    "BF16": np.dtype(ml_dtypes.bfloat16),
}
_CODES = {str(np.dtype(dtype)): code for code, dtype in _NUMPY_DTYPES.items()}


@dataclass(frozen=True)
class PlannedTensor:
    """A tensor that will be made when it is written.

    Attributes:
        name: its key.
        dtype: numpy's name.
        shape: lengths of its axes.
        make: gives arrays of that dtype whose rows, one after the other, are the tensor's.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    make: Callable[[], Iterable[npt.NDArray[Any]]]

    @property
    def nbytes(self) -> int:
        """Size of its data in bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


def numpy_dtype(tensor: StoredTensor) -> np.dtype[Any]:
    """The numpy dtype of a stored tensor.

    Raises:
        ParityError: it holds no floating-point numbers of 16 to 64 bits.
    """
    if tensor.dtype not in _NUMPY_DTYPES:
        raise ParityError(
            f"{tensor.file}: {tensor.name} is stored as {tensor.dtype}",
            cure=f"supported are {', '.join(_NUMPY_DTYPES)}: give the unquantised checkpoint",
        )
    return np.dtype(_NUMPY_DTYPES[tensor.dtype])


def map_tensor(tensor: StoredTensor) -> npt.NDArray[Any]:
    """A read-only view of the stored bytes as an array; nothing is read before it is used.

    Raises:
        ParityError: as for `numpy_dtype`.
    """
    dtype = numpy_dtype(tensor)
    return np.memmap(tensor.file, dtype=dtype, mode="r", offset=tensor.start, shape=tensor.shape)


def write_tensors(path: Path, plan: Sequence[PlannedTensor]) -> None:
    """Write a safetensors file that is there whole or not at all.

    Raises:
        ParityError: the disk is full or the folder can't be written.
    """
    write_file(path, _chunks(plan))


def write_file(path: Path, chunks: Iterable[Any]) -> None:
    """Write `chunks` (buffers of bytes) one after the other; a file that stood at `path` stays until all is written.

    Raises:
        ParityError: the disk is full or the folder can't be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise ParityError(
            f"{path}: can't be written ({error.strerror})", cure="free some space or name another folder"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _chunks(plan: Sequence[PlannedTensor]) -> Iterable[Any]:
    # Eight bytes of alignment is what the format's own writer gives; it keeps every dtype aligned in a memory map.
    header = _header(plan)
    yield len(header).to_bytes(8, "little")
    yield header
    for tensor in plan:
        written = 0
        for part in tensor.make():
            assert str(part.dtype) == tensor.dtype, tensor.name
            written += part.nbytes
            # safetensors holds rows of contiguous numbers; a transposed view must not be written as it lies.
            yield np.ascontiguousarray(part).reshape(-1).view(np.uint8).data
        assert written == tensor.nbytes, tensor.name


def _header(plan: Sequence[PlannedTensor]) -> bytes:
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start = 0
    for tensor in plan:
        stop = start + tensor.nbytes
        entries[tensor.name] = {
            "dtype": _CODES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, stop],
        }
        start = stop
    header = json.dumps(entries, separators=(",", ":")).encode()
    return header + b" " * (-len(header) % 8)
