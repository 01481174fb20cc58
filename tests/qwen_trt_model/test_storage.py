from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file

from parity.digest import stored_tensors
from parity.errors import ParityError
from qwen_trt_model.storage import PlannedTensor, map_tensor, write_tensors


def plan(array: npt.NDArray[Any], name: str = "w") -> PlannedTensor:
    return PlannedTensor(name, str(array.dtype), array.shape, lambda: [array])


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_the_library_reads_what_is_written(tmp_path: Path, dtype: str) -> None:
    array = np.arange(12).reshape(3, 4).astype(np.dtype(dtype))
    write_tensors(tmp_path / "w.safetensors", [plan(array), plan(array[:1], "first")])
    read = load_file(tmp_path / "w.safetensors")
    assert np.array_equal(read["w"], array)
    assert np.array_equal(read["first"], array[:1])


def test_a_transposed_view_comes_back_equal(tmp_path: Path) -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4).T
    write_tensors(tmp_path / "w.safetensors", [plan(array)])
    assert np.array_equal(load_file(tmp_path / "w.safetensors")["w"], array)


def test_tensors_are_aligned_for_memory_maps(tmp_path: Path) -> None:
    for size in range(1, 9):
        file = tmp_path / f"{size}.safetensors"
        write_tensors(file, [plan(np.zeros(3, ml_dtypes.bfloat16), "n" * size)])
    assert all(tensor.start % 8 == 0 for tensor in _all_tensors(tmp_path))


def _all_tensors(folder: Path) -> Iterator[Any]:
    for file in folder.glob("*.safetensors"):
        alone = folder / file.stem
        alone.mkdir()
        file.rename(alone / file.name)
        yield from stored_tensors(alone)


def test_a_mapped_tensor_is_the_written_one(tmp_path: Path) -> None:
    array = np.arange(6).reshape(2, 3).astype(ml_dtypes.bfloat16)
    write_tensors(tmp_path / "w.safetensors", [plan(np.ones(5, ml_dtypes.bfloat16), "a"), plan(array, "b")])
    _, stored = stored_tensors(tmp_path)
    assert np.array_equal(map_tensor(stored), array)


def _full_disk() -> Iterator[npt.NDArray[Any]]:
    yield np.zeros(2, np.float32)
    raise OSError(28, "No space left on device")


def _interrupt() -> Iterator[npt.NDArray[Any]]:
    yield np.zeros(2, np.float32)
    raise KeyboardInterrupt


@pytest.mark.parametrize(("make", "expected"), [(_full_disk, ParityError), (_interrupt, KeyboardInterrupt)])
def test_a_file_that_is_not_whole_never_appears(
    tmp_path: Path, make: Callable[[], Iterator[Any]], expected: type[BaseException]
) -> None:
    file = tmp_path / "w.safetensors"
    write_tensors(file, [plan(np.ones(4, np.float32))])
    before = file.read_bytes()
    with pytest.raises(expected):
        write_tensors(file, [PlannedTensor("w", "float32", (4,), make)])
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="No space left") as caught:
        write_tensors(tmp_path / "w.safetensors", [PlannedTensor("w", "float32", (4,), _full_disk)])
    assert "free some space" in caught.value.cure
