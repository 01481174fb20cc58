"""Which part of the model each rank holds: the rules of TensorRT-LLM's ``Mapping``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qwen_trt_model.lint.checkpoint_files import CheckpointFiles

__all__ = ["Parallelism", "Rank", "ranks_of", "read_parallelism"]


@dataclass(frozen=True)
class Parallelism:
    """How the model is spread.

    Attributes:
        world: number of ranks.
        tensor, pipeline, context: sizes of each kind of parallelism.
        embedding: whether the embedding is split over tensor-parallel ranks.
        embedding_axis: the axis of that split: 0 for rows (vocabulary), 1 for columns (hidden).
    """

    world: int = 1
    tensor: int = 1
    pipeline: int = 1
    context: int = 1
    embedding: bool = False
    embedding_axis: int = 0


@dataclass(frozen=True)
class Rank:
    """One file of the checkpoint.

    Attributes:
        index: number in its file's name.
        tensor: place among the tensor-parallel ranks.
        pipeline: place among the pipeline stages.
        layers: the layers it holds, numbered over the whole model; in its file they begin with 0.
        first, last: whether it is in the first or last pipeline stage.
    """

    index: int
    tensor: int
    pipeline: int
    layers: range
    first: bool
    last: bool


def read_parallelism(files: CheckpointFiles) -> Parallelism:
    """Read ``mapping`` and the keys of the embedding; what is missing or no number counts as 1."""
    mapping = files.section("mapping")
    sizes = {key: _size(mapping.get(key)) for key in ("tp_size", "pp_size", "cp_size")}
    product = sizes["tp_size"] * sizes["pp_size"] * sizes["cp_size"]
    return Parallelism(
        world=_size(mapping.get("world_size"), product),
        tensor=sizes["tp_size"],
        pipeline=sizes["pp_size"],
        context=sizes["cp_size"],
        embedding=bool(files.config.get("use_parallel_embedding")),
        embedding_axis=1 if files.config.get("embedding_sharding_dim") == 1 else 0,
    )


def ranks_of(parallelism: Parallelism, layers: int) -> tuple[Rank, ...]:
    """Every file that a checkpoint of `layers` layers has; context-parallel ranks share theirs.

    The first stages hold one layer more where the layers can't be shared out evenly.
    """
    stages = list(_stages(layers, parallelism.pipeline))
    return tuple(
        Rank(
            pipeline * parallelism.tensor + tensor,
            tensor,
            pipeline,
            stages[pipeline],
            first=pipeline == 0,
            last=pipeline == parallelism.pipeline - 1,
        )
        for pipeline in range(parallelism.pipeline)
        for tensor in range(parallelism.tensor)
    )


def _stages(layers: int, stages: int) -> Iterator[range]:
    start = 0
    for stage in range(stages):
        stop = start + layers // stages + (1 if stage < layers % stages else 0)
        yield range(start, stop)
        start = stop


def _size(value: object, default: int = 1) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else default
