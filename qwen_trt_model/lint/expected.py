"""What each rank's file should hold: names, shapes, and where every row and column comes from.

The rules are those of TensorRT-LLM's converters up to 1.2: q, k and v are cut by themselves and then joined; a key
head is given to several ranks where there are more ranks than key heads; weights whose input is cut (``dense``,
``proj``) are cut by columns, all others by rows; the head is padded with zero rows to a multiple of the ranks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.lint.ranks import Parallelism, Rank
from qwen_trt_model.tensors import EMBEDDING, LM_HEAD, CheckpointTensor, Part, checkpoint_tensors

__all__ = ["ExpectedTensor", "Piece", "expected_tensors", "split_obstacles"]

_BY_COLUMNS = ("attention.dense.weight", "mlp.proj.weight")
_BY_ROWS = ("mlp.fc.weight", "mlp.gate.weight")
_FUSED = ("attention.qkv.weight", "attention.qkv.bias")


@dataclass(frozen=True)
class Piece:
    """A rectangle of a Hugging Face tensor.

    Attributes:
        part: the tensor, under its name in a Qwen2 or Qwen3.
        rows: the rows.
        columns: the columns; None where there are none, or all are taken.
    """

    part: str
    rows: range
    columns: range | None = None


@dataclass(frozen=True)
class ExpectedTensor:
    """A tensor that a rank's file should hold.

    Attributes:
        rank: whose file.
        name: its name there, in which layers begin with 0 at each pipeline stage.
        layer: its layer, numbered over the whole model; None outside the layers.
        whole: the tensor before it was cut.
        pieces: what it is made of, from the first row to the last.
        shape: its shape, padding included.
    """

    rank: Rank
    name: str
    layer: int | None
    whole: CheckpointTensor
    pieces: tuple[Piece, ...]
    shape: tuple[int, ...]

    @property
    def padding(self) -> int:
        """Zero rows behind the pieces."""
        return self.shape[0] - sum(len(piece.rows) for piece in self.pieces)

    @property
    def kind(self) -> str:
        """The name without layer and beginning: ``attention.qkv.weight``, ``ln_f.weight``."""
        return self.name.split(".", 3)[3] if self.layer is not None else self.name.removeprefix("transformer.")


def split_obstacles(network: QwenConfig, parallelism: Parallelism) -> list[str]:
    """Why the model can't be cut for that many ranks; empty where it can."""
    ranks = parallelism.tensor
    obstacles = [
        f"{name} {size} is no multiple of tp_size {ranks}"
        for name, size in (
            ("num_attention_heads", network.num_attention_heads),
            ("intermediate_size", network.intermediate_size),
        )
        if size % ranks
    ]
    keys = network.num_key_value_heads
    if keys % ranks and ranks % keys:
        obstacles.append(f"num_key_value_heads {keys} neither divides nor is divided by tp_size {ranks}")
    if parallelism.pipeline > network.num_hidden_layers:
        obstacles.append(f"pp_size {parallelism.pipeline} exceeds num_hidden_layers {network.num_hidden_layers}")
    return obstacles


def expected_tensors(network: QwenConfig, parallelism: Parallelism, rank: Rank) -> Iterator[ExpectedTensor]:
    """Every tensor of the file of `rank`, in the order of the forward pass."""
    for whole in checkpoint_tensors(network):
        layer = _layer_of(whole.name)
        if layer is None and whole.name == EMBEDDING:
            here = rank.first
        else:
            here = rank.last if layer is None else layer in rank.layers
        if here:
            name = whole.name if layer is None else _renumbered(whole.name, layer - rank.layers.start)
            pieces = tuple(_pieces(network, parallelism, rank, whole))
            yield ExpectedTensor(rank, name, layer, whole, pieces, _shape(network, parallelism, whole, pieces))


def _layer_of(name: str) -> int | None:
    return int(name.split(".")[2]) if name.startswith("transformer.layers.") else None


def _renumbered(name: str, layer: int) -> str:
    return ".".join((*name.split(".")[:2], str(layer), *name.split(".")[3:]))


def _pieces(network: QwenConfig, parallelism: Parallelism, rank: Rank, whole: CheckpointTensor) -> Iterator[Piece]:
    for part in whole.parts:
        rows, columns = range(part.shape[0]), None
        axis = _split_axis(whole.name, parallelism)
        if whole.name.endswith(_FUSED):
            rows = _head_rows(network, parallelism, rank, part)
        elif axis == 0:
            rows = _cut(part.shape[0], parallelism.tensor, rank.tensor)
        elif axis == 1:
            columns = _cut(part.shape[1], parallelism.tensor, rank.tensor)
        yield Piece(part.name, rows, columns)


def _split_axis(name: str, parallelism: Parallelism) -> int | None:
    """The axis along which a tensor is cut; None where every rank has all of it."""
    if name == EMBEDDING:
        return parallelism.embedding_axis if parallelism.embedding else None
    if name == LM_HEAD or name.endswith(_BY_ROWS):
        return 0
    return 1 if name.endswith(_BY_COLUMNS) else None


def _head_rows(network: QwenConfig, parallelism: Parallelism, rank: Rank, part: Part) -> range:
    """The rows of q, k or v; one key head serves several ranks where there are more ranks than key heads."""
    keys = network.num_key_value_heads
    if ".q_proj." in part.name or keys >= parallelism.tensor:
        return _cut(part.shape[0], parallelism.tensor, rank.tensor)
    head = rank.tensor * keys // parallelism.tensor
    return range(head * network.head_size, (head + 1) * network.head_size)


def _cut(length: int, ranks: int, place: int) -> range:
    """The part of one rank where each but the last has the same, as ``torch.chunk`` cuts."""
    size = -(-length // ranks)
    return range(min(place * size, length), min((place + 1) * size, length))


def _shape(
    network: QwenConfig, parallelism: Parallelism, whole: CheckpointTensor, pieces: tuple[Piece, ...]
) -> tuple[int, ...]:
    rows = sum(len(piece.rows) for piece in pieces)
    if whole.name == LM_HEAD:
        rows = -(-network.vocab_size // parallelism.tensor)
    columns = pieces[0].columns
    return (rows, *whole.shape[1:]) if columns is None else (rows, len(columns))
