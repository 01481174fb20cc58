"""The reference's residual stream out of its dump, for candidates whose layers are run alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from parity.dump import Dump
from parity.errors import ParityError
from parity.layerwise import Streams
from parity.options import TAPS

__all__ = ["residual_streams"]


def residual_streams(reference: Path) -> Streams:
    """Gives the stream of each phase of the dump at `reference`, which is opened when the first is asked for.

    Raises:
        ParityError: when asked: there is no such dump, or it lacks the stream behind some layer.
    """

    def stream(phase: str) -> Mapping[str, npt.NDArray[Any]]:
        dump = Dump.open(reference)
        arrays, layers = (
            dump.phase(phase).arrays,
            [tap.layer for tap in dump.manifest.runner.graph if tap.layer is not None],
        )
        wanted = ["embed", *(f"layers.{layer}.resid_out" for layer in dict.fromkeys(layers))]
        if missing := [name for name in wanted if name not in arrays]:
            raise ParityError(
                f"{reference}: isolated layers need the residual stream, and {', '.join(missing[:4])} was not captured",
                cure=f"record the reference with {TAPS.flag} blocks or all",
            )
        return arrays

    return stream
