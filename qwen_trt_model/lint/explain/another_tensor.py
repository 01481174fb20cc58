"""The values of another tensor of the model: exchanged names, another layer, a head that is the embedding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qwen_trt_model.lint.expected import Piece, expected_tensors
from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch, part_label
from qwen_trt_model.lint.values import Wanted, find_differences

__all__ = ["explain_another_tensor"]

_GATE_UP = {"gate_proj", "up_proj"}
_SAMPLED = 3


@dataclass(frozen=True)
class _Other:
    """What else could stand there.

    Attributes:
        pieces: where it comes from.
        layer: its layer; None outside the layers.
    """

    pieces: tuple[Piece, ...]
    layer: int | None


def explain_another_tensor(mismatch: Mismatch) -> Explanation | None:
    """Compare with every tensor of the model that has the same shape, at a few rows and then at all."""
    rows = mismatch.sampled_rows(_SAMPLED)
    sampled = mismatch.found[rows]
    for other in _others(mismatch):
        wanted = replace(mismatch.wanted, pieces=other.pieces)
        if wanted.shape == mismatch.wanted.shape and _equal(wanted, rows, sampled, mismatch):
            return _explanation(mismatch, other)
    return None


def _equal(wanted: Wanted, rows: Sequence[int], sampled: npt.NDArray[Any], mismatch: Mismatch) -> bool:
    if not np.array_equal(wanted.at(rows), sampled, equal_nan=True):
        return False
    return find_differences(wanted, mismatch.found) is None


def _others(mismatch: Mismatch) -> Iterator[_Other]:
    """Tensors of the same rank, the nearest layers first; of a fused tensor each part by itself."""
    case, own = mismatch.case, mismatch.expected
    ranks = (
        [own.rank] if own.layer is None else [replace(own.rank, layers=range(case.source.network.num_hidden_layers))]
    )
    found = []
    for rank in (replace(rank, first=True, last=True) for rank in ranks):
        for tensor in expected_tensors(case.source.network, case.parallelism, rank):
            groups = [(piece,) for piece in tensor.pieces] if mismatch.is_part else [tensor.pieces]
            found += [_Other(pieces, tensor.layer) for pieces in groups if pieces != mismatch.pieces]
    layer = own.layer or 0
    yield from sorted(found, key=lambda other: abs((other.layer or 0) - layer))


def _explanation(mismatch: Mismatch, other: _Other) -> Explanation:
    source, layer = mismatch.case.source, mismatch.expected.layer
    ours, theirs = (part_label(pieces[0].part) for pieces in (mismatch.pieces, other.pieces))
    found = ", ".join(str(source.rows(piece.part)) for piece in other.pieces)
    cure = f"store {mismatch.label} under this name"
    if {ours, theirs} == _GATE_UP and layer == other.layer:
        cure = (
            "exchange mlp.fc and mlp.gate: TensorRT-LLM's fc is the activated branch, Hugging Face's gate_proj (w2 of "
            "Qwen-1); its gate is up_proj (w1)"
        )
        return Explanation("gate_up_exchanged", found, cure)
    if (ours, theirs) == ("lm_head", "embed_tokens"):
        return Explanation("head_is_embedding", f"{found}, though the head is not tied", cure)
    if "norm" in ours and "norm" in theirs and layer == other.layer:
        return Explanation("norms_exchanged", found, cure)
    return Explanation("another_layer" if layer != other.layer else "another_tensor", found, cure)
