"""Token embedding."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from parity.replay.arrays import Floats, widened

__all__ = ["embedding"]


def embedding(ids: npt.NDArray[np.int64], weight: npt.NDArray[Any]) -> Floats:
    """Rows of `weight` ``[vocabulary, hidden]`` at `ids` ``[batch, token]`` → ``[batch, token, hidden]``."""
    return widened(weight[ids])
