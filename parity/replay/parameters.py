"""What the reference's operations need beside their inputs: stored weights and a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from parity.taps import DecoderShape

__all__ = ["DecoderSettings", "Parameters", "ReferenceWeights"]


@dataclass(frozen=True, eq=False)
class Parameters:
    """The stored weights of one tap's operation, in their stored dtype.

    Attributes:
        weight: ``[out, in]`` of a linear map, ``[channel]`` of a norm, ``[vocabulary, hidden]`` of the embedding;
            None for operations without weights.
        bias: ``[out]``, or None.
    """

    weight: npt.NDArray[Any] | None = None
    bias: npt.NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class DecoderSettings:
    """Numbers of the configuration that enter the reference's operations.

    Attributes:
        shape: sizes of the decoder.
        norm_epsilon: added to the mean square in every norm.
        inverse_frequencies: float32, shape ``[head_dim / 2]``: angle per position of each rotated pair.
        rotary_scale: factor on cos and sin (1 without YaRN).
        attention_scale: factor on q·k.
        sliding_windows: the window of each layer in tokens, None where a layer sees the whole past.
    """

    shape: DecoderShape
    norm_epsilon: float
    inverse_frequencies: npt.NDArray[np.float32]
    rotary_scale: float
    attention_scale: float
    sliding_windows: tuple[int | None, ...]


class ReferenceWeights(Protocol):
    """Where replay takes the reference's weights from."""

    @property
    def settings(self) -> DecoderSettings:
        """Numbers of the configuration."""
        ...

    def parameters(self, tap: str) -> Parameters:
        """The stored weights of the operation that makes `tap`."""
        ...
