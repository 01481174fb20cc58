"""A linear tap at some tokens and some output channels: the cheapest place to try other weights and inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, input_columns, token_weights
from parity.diagnose.remembered import remembered
from parity.diagnose.thinning import thinned
from parity.replay.arrays import Floats, widened

__all__ = ["LinearExcerpt", "linear_excerpt"]

_CHANNELS = 64
_PROMISING_SHARE = 0.3


@dataclass(frozen=True, eq=False)
class LinearExcerpt:
    """Some tokens and output channels of a linear tap, each token in units of its noise.

    Attributes:
        x: the inputs, ``[row, in]``.
        scale: by how much each token was multiplied, ``[row]``.
        output: the candidate's, ``[row, channel]``.
        predicted: the reference's operation, ``[row, channel]``.
        channels: which output channels these are.
        weight: their rows, ``[channel, in]``.
        bias: their bias, zero where there is none, ``[channel]``.
    """

    x: Floats
    scale: Floats
    output: Floats
    predicted: Floats
    channels: npt.NDArray[np.intp]
    weight: Floats
    bias: Floats

    @property
    def residual(self) -> Floats:
        """What is to be explained, ``[row, channel]``."""
        return self.output - self.predicted

    def linear(self, weight: Floats, bias: Floats | None = None, *, x: Floats | None = None) -> Floats:
        """``x Wᵀ + b`` with the reference's bias and the candidate's inputs where none are given."""
        added = self.bias if bias is None else bias
        y: Floats = (self.x if x is None else x) @ weight.T + self.scale[:, None] * added
        return y

    def share(self, output: Floats) -> float:
        """The explained share of the residual."""
        whole = np.square(self.residual).sum()
        return float(1 - np.square(self.output - output).sum() / whole) if whole > 0 else 0.0

    def is_promising(self, output: Floats) -> bool:
        """Whether `output` is near enough to be replayed at all tokens and channels."""
        return self.share(output) >= _PROMISING_SHARE


@remembered
def linear_excerpt(case: SourceCase) -> LinearExcerpt:
    """At most 48 tokens, of long cases, and 64 output channels, the half of them those that err most."""
    thin = thinned(case)
    parameters = thin.parameters
    assert parameters.weight is not None
    scale = token_weights(thin)
    output, predicted = columns(thin, thin.output), columns(thin, thin.predicted)
    channels = _chosen(np.abs((output - predicted) * scale[:, None]).sum(axis=0))
    return LinearExcerpt(
        input_columns(thin) * scale[:, None],
        scale,
        output[:, channels] * scale[:, None],
        predicted[:, channels] * scale[:, None],
        channels,
        widened(parameters.weight[channels]),
        np.zeros(channels.size) if parameters.bias is None else widened(parameters.bias[channels]),
    )


def _chosen(errors: Floats) -> npt.NDArray[np.intp]:
    if errors.size <= _CHANNELS:
        return np.arange(errors.size)
    worst = np.argsort(-errors, kind="stable")[: _CHANNELS // 2]
    others = np.setdiff1d(np.arange(errors.size), worst)
    even = others[np.linspace(0, others.size - 1, _CHANNELS - worst.size).astype(np.intp)]
    return np.sort(np.concatenate([worst, even]))
