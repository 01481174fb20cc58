"""The quantised linear layers of a checkpoint, each with its codes, its scales and what it should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.digest import StoredTensor
from parity.dtypes import dtype_info
from qwen_trt_model.configuration import DTYPES
from qwen_trt_model.lint.case import LintCase, StoredPair, named
from qwen_trt_model.lint.quantised.format import Format, format_of, linear_module, quantised_weight
from qwen_trt_model.lint.stored import map_stored, stored_dtype
from qwen_trt_model.lint.values import Wanted

__all__ = ["QuantisedLayer", "quantised_layers"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class QuantisedLayer:
    """One linear layer on one rank.

    Attributes:
        case: checkpoint and model.
        pair: the codes, and the weight that they stand for.
        module: its name: ``transformer.layers.0.attention.qkv``.
        form: how its algorithm stores it.
        beside: all tensors of the same file, by name.
    """

    case: LintCase
    pair: StoredPair
    module: str
    form: Format
    beside: Mapping[str, StoredTensor]

    @property
    def outputs(self) -> int:
        """Rows of the weight as Hugging Face stores it."""
        return self.pair.expected.shape[0]

    @property
    def inputs(self) -> int:
        """Columns of the weight as Hugging Face stores it."""
        return self.pair.expected.shape[1]

    def stored(self, scale: str) -> StoredTensor | None:
        """The tensor beside the codes; None where there is none, or one of a dtype that can't be read."""
        tensor = self.beside.get(f"{self.module}.{scale}")
        return tensor if tensor is not None and stored_dtype(tensor) is not None else None

    def values(self, scale: str) -> Floats | None:
        """Its values."""
        tensor = self.stored(scale)
        return None if tensor is None else map_stored(tensor).astype(np.float64)

    def subject(self, name: str) -> str:
        """How messages name the tensor `name` of this layer."""
        return named(self.pair.expected.rank.index, f"{self.module}.{name}", several=len(self.case.files.ranks) > 1)

    def converted(self) -> Wanted:
        """The weight as converters cast it before they quantise, ``[out, in]``."""
        return Wanted(self.case.source, self.pair.expected.pieces, _model_dtype(self.case))

    def largest_by_row(self) -> Floats:
        """The largest magnitude of each output's weights, ``[out]``."""
        blocks = self.converted().blocks()
        return np.concatenate([np.abs(block.astype(np.float32)).max(axis=1) for _, block in blocks]).astype(np.float64)

    def largest_by_column(self) -> Floats:
        """The same of each input's weights, ``[in]``."""
        tops = [np.abs(block.astype(np.float32)).max(axis=0) for _, block in self.converted().blocks()]
        top: Floats = np.max(tops, axis=0).astype(np.float64)
        return top


def quantised_layers(case: LintCase) -> Iterator[QuantisedLayer]:
    """Every linear layer whose stored weight holds codes of a known layout."""
    form = format_of(case.files)
    if form is None:
        return
    for pair in case.pairs():
        module = linear_module(case.files, pair.expected)
        if module and quantised_weight(case.files, pair):
            yield QuantisedLayer(case, pair, module, form, case.files.ranks[pair.expected.rank.index])


def _model_dtype(case: LintCase) -> np.dtype[Any]:
    said = str(case.files.config.get("dtype"))
    return np.dtype(dtype_info(said).numpy if said in DTYPES else np.float32)
