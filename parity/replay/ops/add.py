"""Residual addition."""

from __future__ import annotations

from parity.replay.arrays import Floats

__all__ = ["add"]


def add(stream: Floats, branch: Floats) -> Floats:
    """``stream + branch``, both ``[batch, token, channel]``."""
    return stream + branch
