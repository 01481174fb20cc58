from __future__ import annotations

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

from parity.digest import stored_tensors, weights_digest
from parity.errors import ParityError

_TENSORS = {
    "b.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a.weight": np.arange(4).astype(ml_dtypes.bfloat16),
    "empty": np.zeros((0, 2), dtype=np.float16),
}


def _save(folder: Path, *shards: dict[str, np.ndarray], name: str = "model") -> Path:
    folder.mkdir(exist_ok=True)
    for number, shard in enumerate(shards):
        save_file(shard, folder / f"{name}-{number}.safetensors")
    return folder


def test_stored_tensors_say_what_lies_where(tmp_path: Path) -> None:
    tensors = stored_tensors(_save(tmp_path, _TENSORS))
    found = [(tensor.name, tensor.dtype, tensor.shape) for tensor in tensors]
    assert found == [("a.weight", "BF16", (4,)), ("b.weight", "F32", (2, 3)), ("empty", "F16", (0, 2))]
    stored = tensors[1].file.read_bytes()[tensors[1].start : tensors[1].stop]
    assert stored == _TENSORS["b.weight"].tobytes()


def test_digest_does_not_depend_on_files(tmp_path: Path) -> None:
    whole = weights_digest(_save(tmp_path / "whole", _TENSORS))
    shards = ({key: value} for key, value in reversed(_TENSORS.items()))
    assert weights_digest(_save(tmp_path / "shards", *shards, name="part")) == whole


def _changed(**tensors: np.ndarray) -> dict[str, np.ndarray]:
    return {**_TENSORS, **tensors}


@pytest.mark.parametrize(
    "other",
    [
        _changed(**{"b.weight": np.array([[0, 1, 2], [3, 4, 6]], dtype=np.float32)}),
        _changed(**{"b.weight": np.array([[0, 1, 2], [3, 4, -5]], dtype=np.float32)}),
        _changed(**{"b.weight": _TENSORS["b.weight"].reshape(3, 2)}),
        _changed(**{"a.weight": _TENSORS["a.weight"].view(np.float16)}),
        _changed(c=np.zeros(1, dtype=np.float32)),
        {"a.weight": _TENSORS["a.weight"], "b.bias": _TENSORS["b.weight"], "empty": _TENSORS["empty"]},
    ],
    ids=["value", "last byte", "shape", "dtype", "one more", "name"],
)
def test_digest_differs_with(tmp_path: Path, other: dict[str, np.ndarray]) -> None:
    assert weights_digest(_save(tmp_path / "other", other)) != weights_digest(_save(tmp_path / "one", _TENSORS))


@pytest.mark.parametrize("size", [0, 5, 40, -1])
def test_a_truncated_file_is_named(tmp_path: Path, size: int) -> None:
    file = _save(tmp_path, _TENSORS) / "model-0.safetensors"
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(ParityError, match=r"model-0\.safetensors: truncated or damaged, \d+ bytes") as caught:
        weights_digest(tmp_path)
    assert caught.value.cure == "copy or download it again"


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match=r"no \*\.safetensors file"):
        stored_tensors(tmp_path)


def test_a_name_stored_twice_is_refused(tmp_path: Path) -> None:
    _save(tmp_path, _TENSORS, {"a.weight": _TENSORS["a.weight"]})
    with pytest.raises(ParityError, match=r"a\.weight is stored twice, in model-0\.safetensors and model-1"):
        stored_tensors(tmp_path)


def test_a_shard_that_the_index_lists_and_the_folder_lacks_is_named(tmp_path: Path) -> None:
    _save(tmp_path, _TENSORS)
    index = {"weight_map": {"a.weight": "model-0.safetensors", "z": "model-9.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ParityError, match=r"lists model-9\.safetensors, missing here"):
        stored_tensors(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"weight_map": []}'])
def test_a_damaged_index_is_named(tmp_path: Path, text: str) -> None:
    (_save(tmp_path, _TENSORS) / "model.safetensors.index.json").write_text(text)
    with pytest.raises(ParityError, match=r"index\.json: damaged"):
        stored_tensors(tmp_path)
