"""Checkpoints in memory: converted from a tiny model, to be broken, cut for ranks or quantised, and looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from qwen_trt_model import convert
from qwen_trt_model.lint import LintFinding, LintReport, lint

__all__ = ["Arrays", "Sample", "at", "converted", "only", "split"]

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class Sample:
    """A checkpoint and the model that it was made from.

    Attributes:
        model: the Hugging Face folder.
        config: config.json of the checkpoint.
        ranks: the tensors of each rank.
    """

    model: Path
    config: Mapping[str, Any]
    ranks: Mapping[int, Arrays]

    @property
    def weights(self) -> Arrays:
        """The tensors of the only rank."""
        (weights,) = self.ranks.values()
        return weights

    def with_keys(self, **changes: Any) -> Sample:
        """Keys changed, or removed where the change is `...`."""
        config = {key: value for key, value in {**self.config, **changes}.items() if value is not ...}
        return replace(self, config=config)

    def with_tensors(self, changes: Arrays, *, without: tuple[str, ...] = (), rank: int = 0) -> Sample:
        """Tensors of one rank changed, added or removed."""
        weights = {name: array for name, array in {**self.ranks[rank], **changes}.items() if name not in without}
        return replace(self, ranks={**self.ranks, rank: weights})

    def changed(self, name: str, change: Callable[[Array], Array], *, rank: int = 0) -> Sample:
        """One tensor changed."""
        return self.with_tensors({name: change(self.ranks[rank][name])}, rank=rank)

    def save(self, folder: Path) -> Path:
        """Write it."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(dict(self.config)))
        for rank, weights in self.ranks.items():
            contiguous = {name: np.ascontiguousarray(array) for name, array in weights.items()}
            save_file(contiguous, folder / f"rank{rank}.safetensors")
        return folder

    def lint(self, folder: Path) -> LintReport:
        """Write it and look at it."""
        return lint(self.model, self.save(folder / "checkpoint"))


def converted(model: Path, folder: Path, *, dtype: str = "fp16") -> Sample:
    """A clean checkpoint of one rank."""
    out = convert(model, folder, dtype=dtype)
    config = json.loads((out / "config.json").read_text())
    return Sample(model, config, {0: load_file(out / "rank0.safetensors")})


def only(report: LintReport) -> LintFinding:
    """The one finding that is no note."""
    (finding,) = [finding for finding in report.findings if finding.severity != "note"]
    return finding


def at(layer: int, name: str) -> str:
    """A tensor of a layer."""
    return f"transformer.layers.{layer}.{name}"


def split(sample: Sample, *, tensor: int, pipeline: int = 1, embedding_axis: int | None = None) -> Sample:
    """`sample` cut for several ranks by TensorRT-LLM's rules."""
    config, layers = sample.config, sample.config["num_hidden_layers"]
    stages = np.array_split(np.arange(layers), pipeline)
    ranks = {}
    for stage, held in enumerate(stages):
        for place in range(tensor):
            names = {
                name: _renumbered(name, held)
                for name in sample.weights
                if _is_held(name, held, first=stage == 0, last=stage == pipeline - 1)
            }
            ranks[stage * tensor + place] = {
                new: _cut(sample, name, tensor, place, embedding_axis) for name, new in names.items()
            }
    mapping = {"world_size": tensor * pipeline, "tp_size": tensor, "pp_size": pipeline}
    changes = {"mapping": mapping, "use_parallel_embedding": embedding_axis is not None}
    changes["embedding_sharding_dim"] = embedding_axis or 0
    return Sample(sample.model, {**config, **changes}, ranks)


def _is_held(name: str, layers: Array, *, first: bool, last: bool) -> bool:
    if name.startswith("transformer.layers."):
        return int(name.split(".")[2]) in layers
    return first if "vocab_embedding" in name else last


def _renumbered(name: str, layers: Array) -> str:
    if not name.startswith("transformer.layers."):
        return name
    start, word, layer, *rest = name.split(".")
    return ".".join([start, word, str(int(layer) - int(layers[0])), *rest])


def _cut(sample: Sample, name: str, ranks: int, place: int, embedding_axis: int | None) -> Array:
    array, config = sample.weights[name], sample.config
    if ".qkv." in name:
        return _cut_fused(array, config, ranks, place)
    if name.endswith(("dense.weight", "proj.weight")):
        return np.split(array, ranks, axis=1)[place]
    if name.endswith(("fc.weight", "gate.weight")):
        return np.split(array, ranks)[place]
    if name == "lm_head.weight":
        return np.split(np.pad(array, ((0, -len(array) % ranks), (0, 0))), ranks)[place]
    if "vocab_embedding" in name and embedding_axis is not None:
        return np.array_split(array, ranks, axis=embedding_axis)[place]
    return array


def _cut_fused(array: Array, config: Mapping[str, Any], ranks: int, place: int) -> Array:
    """q, k and v cut by themselves; key heads repeated where there are fewer of them than ranks."""
    size, keys = config["head_size"], config["num_key_value_heads"]
    query = config["num_attention_heads"] * size
    q, k, v = np.split(array, [query, query + keys * size])
    if keys < ranks:
        k, v = (np.repeat(part.reshape(keys, size, -1), ranks // keys, axis=0) for part in (k, v))
        k, v = (part.reshape(ranks * size, *array.shape[1:]) for part in (k, v))
    return np.concatenate([np.split(part, ranks)[place] for part in (q, k, v)])
