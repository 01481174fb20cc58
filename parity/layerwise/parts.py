"""The seam to whatever makes a model's graphs: embedding, one layer, head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from parity.taps import DecoderShape

__all__ = ["HIDDEN", "ModelParts"]

HIDDEN = "hidden"
"""Name of the input that the residual stream comes in by: ``[batch, token, hidden]``, in the model's dtype."""


class ModelParts(Protocol):
    """A model in parts, all of which compute in `dtype`."""

    @property
    def model(self) -> str:
        """The model in words."""
        ...

    @property
    def dtype(self) -> str:
        """numpy's name."""
        ...

    @property
    def shape(self) -> DecoderShape:
        """Sizes of the decoder."""
        ...

    def weights_digest(self) -> str:
        """Digest of the weights as stored."""
        ...

    def embedded(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """``[batch, token]`` to ``[batch, token, hidden]``."""
        ...

    def layer(self) -> ir.Model:
        """Any decoder layer: `HIDDEN`, positions, mask and weights in, the taps of layer 0 by name."""
        ...

    def layer_weights(self, layer: int) -> Mapping[str, npt.NDArray[Any]]:
        """What `layer` asks for as weights."""
        ...

    def head(self) -> ir.Model:
        """Final norm and logits: `HIDDEN` and weights in."""
        ...

    def head_weights(self) -> Mapping[str, npt.NDArray[Any]]:
        """What `head` asks for as weights."""
        ...
