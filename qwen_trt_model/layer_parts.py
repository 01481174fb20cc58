"""A checkpoint in parts, for running it layer by layer: a `parity.layerwise.ModelParts`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from parity.digest import weights_digest
from parity.taps import DecoderShape
from qwen_trt_model.checkpoint import Checkpoint, read_checkpoint
from qwen_trt_model.graph.parts import head_part, layer_part
from qwen_trt_model.tensors import EMBEDDING, LM_HEAD

__all__ = ["CheckpointParts", "open_parts"]

_FIRST = "transformer.layers.0."
_FINAL_NORM = "transformer.ln_f.weight"


class CheckpointParts:
    """Graphs and weights of a checkpoint, weights mapped from its file when they are asked for."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._digest = cache(lambda: weights_digest(checkpoint.folder))

    @property
    def model(self) -> str:
        """Name of the model that was converted, or of the folder."""
        conversion = self._checkpoint.conversion
        return conversion.model if conversion else self._checkpoint.folder.resolve().name

    @property
    def dtype(self) -> str:
        """numpy's name."""
        return self._checkpoint.config.dtype

    @property
    def shape(self) -> DecoderShape:
        """Sizes of the decoder."""
        return self._checkpoint.config.decoder_shape

    def weights_digest(self) -> str:
        """Digest of the checkpoint's folder."""
        return self._digest()

    def embedded(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Rows of the table: ``[batch, token]`` to ``[batch, token, hidden]``."""
        return np.ascontiguousarray(self._checkpoint.array(EMBEDDING)[ids])

    def layer(self) -> ir.Model:
        """Any decoder layer, its weights named as those of layer 0."""
        return layer_part(self._checkpoint)

    def layer_weights(self, layer: int) -> Mapping[str, npt.NDArray[Any]]:
        """The weights of `layer` under the names of layer 0."""
        own = f"transformer.layers.{layer}."
        names = [name for name in self._checkpoint.tensors if name.startswith(own)]
        return {_FIRST + name.removeprefix(own): self._checkpoint.array(name) for name in names}

    def head(self) -> ir.Model:
        """Final norm and logits."""
        return head_part(self._checkpoint)

    def head_weights(self) -> Mapping[str, npt.NDArray[Any]]:
        """The weights of final norm and head."""
        return {name: self._checkpoint.array(name) for name in (_FINAL_NORM, LM_HEAD)}


def open_parts(checkpoint_folder: Path) -> CheckpointParts:
    """The parts of the checkpoint in a folder.

    Raises:
        ParityError: as for `read_checkpoint`.
    """
    return CheckpointParts(read_checkpoint(checkpoint_folder))
