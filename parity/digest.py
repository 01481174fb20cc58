"""Weights as they lie in a folder of safetensors files: what there is, and one digest of all of it.

Equal digests mean equal weights, whatever files they are spread over, so a dump can say which weights it is of.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path

from safetensors import SafetensorError, safe_open

from parity.errors import ParityError

__all__ = ["StoredTensor", "file_tensors", "stored_tensors", "weights_digest"]

_INDEX = "model.safetensors.index.json"
_LENGTH_BYTES = 8  # a safetensors file begins with the length of its JSON header, a little-endian uint64


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor lies.

    Attributes:
        name: its key in the checkpoint.
        dtype: safetensors' name, for example ``BF16``.
        shape: lengths of its axes.
        file: the file it lies in.
        start: offset of its first byte from the start of the file.
        stop: offset behind its last byte.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    start: int
    stop: int


def stored_tensors(folder: Path) -> tuple[StoredTensor, ...]:
    """All tensors of the ``*.safetensors`` files directly in `folder`, sorted by name; reads headers only.

    Raises:
        ParityError: there is no such file, one is truncated or damaged, one that the index lists is missing, or
            two of them hold the same name.
    """
    files = sorted(folder.glob("*.safetensors"))
    _refuse_missing_files(folder, {file.name for file in files})
    tensors = sorted((tensor for file in files for tensor in file_tensors(file)), key=lambda tensor: tensor.name)
    for first, second in pairwise(tensors):
        if first.name == second.name:
            raise ParityError(
                f"{folder}: {first.name} is stored twice, in {first.file.name} and {second.file.name}",
                cure="keep one set of safetensors files in the folder",
            )
    return tuple(tensors)


def weights_digest(folder: Path) -> str:
    """SHA-256, in hexadecimal, over name, dtype, shape and stored bytes of every tensor of `folder`.

    Tensors are taken in the order of their names, so that a checkpoint in one file and the same in shards agree.
    The bytes of each are hashed by themselves, several tensors at a time, and are never all in memory.

    Raises:
        ParityError: as for `stored_tensors`.
    """
    tensors = stored_tensors(folder)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        digests = list(pool.map(_digest_of_bytes, tensors))
    sha = hashlib.sha256()
    for tensor, digest in zip(tensors, digests, strict=True):
        sha.update(json.dumps([tensor.name, tensor.dtype, list(tensor.shape), digest]).encode())
    return sha.hexdigest()


def file_tensors(file: Path) -> Iterator[StoredTensor]:
    """The tensors of one safetensors file, in the order of its header, which is all that is read.

    Raises:
        ParityError: the file is truncated or damaged.
    """
    try:
        with safe_open(file, framework="numpy"):
            pass  # opening checks the header, and that the tensors cover the file exactly
    except (SafetensorError, OSError) as error:
        raise ParityError(
            f"{file}: truncated or damaged, {os.path.getsize(file)} bytes ({error})", cure="copy or download it again"
        ) from error
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        header = json.loads(stream.read(length))
    data = _LENGTH_BYTES + length
    for name, entry in header.items():
        if name != "__metadata__":
            start, stop = entry["data_offsets"]
            yield StoredTensor(name, entry["dtype"], tuple(entry["shape"]), file, data + start, data + stop)


def _refuse_missing_files(folder: Path, found: set[str]) -> None:
    if not found:
        raise ParityError(
            f"{folder}: holds no *.safetensors file",
            cure="name the folder of a Hugging Face checkpoint; save one that has only *.bin files again with "
            "model.save_pretrained(folder)",
        )
    try:
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        listed = set(index["weight_map"].values())
    except FileNotFoundError:
        return
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ParityError(f"{folder / _INDEX}: damaged ({error!r})", cure="copy or download it again") from error
    if missing := sorted(listed - found):
        raise ParityError(f"{folder}: the index lists {', '.join(missing)}, missing here", cure="copy or download it")


def _digest_of_bytes(tensor: StoredTensor) -> str:
    with (
        tensor.file.open("rb") as stream,
        mmap(stream.fileno(), 0, access=ACCESS_READ) as whole,
        memoryview(whole) as view,
        view[tensor.start : tensor.stop] as stored,
    ):
        return hashlib.sha256(stored).hexdigest()
