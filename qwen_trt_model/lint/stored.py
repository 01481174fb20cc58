"""Reading stored tensors of any dtype that checkpoints have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

from parity.digest import StoredTensor

__all__ = ["FLOATS", "map_stored", "same_bytes", "stored_dtype"]

_DTYPES: Mapping[str, npt.DTypeLike] = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2,
    "I64": np.int64,
    "I32": np.int32,
    "I8": np.int8,
    "U8": np.uint8,
    "BOOL": np.bool_,
}
FLOATS = {"F64", "F32", "F16", "BF16"}
"""safetensors' names of the dtypes that unquantised weights may have."""

_CHUNK = 2**22


def stored_dtype(tensor: StoredTensor) -> np.dtype[Any] | None:
    """The numpy dtype of a stored tensor; None for one that no checkpoint has."""
    return np.dtype(_DTYPES[tensor.dtype]) if tensor.dtype in _DTYPES else None


def map_stored(tensor: StoredTensor) -> npt.NDArray[Any]:
    """A read-only view of the stored bytes; the dtype has to be known."""
    dtype = stored_dtype(tensor)
    assert dtype is not None, tensor
    if 0 in tensor.shape:
        return np.empty(tensor.shape, dtype)
    return np.memmap(tensor.file, dtype, mode="r", offset=tensor.start, shape=tensor.shape)


def same_bytes(one: StoredTensor, other: StoredTensor) -> bool:
    """Whether both hold the same bytes; tensors that differ mostly do so at once."""
    if one.stop - one.start != other.stop - other.start or one.start == one.stop:
        return False
    a, b = (np.memmap(t.file, np.uint8, mode="r", offset=t.start, shape=(t.stop - t.start,)) for t in (one, other))
    return all(bool((a[at : at + _CHUNK] == b[at : at + _CHUNK]).all()) for at in range(0, a.size, _CHUNK))
