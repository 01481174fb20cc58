"""Taps whose memory was written to again before it was read: marked directly they show something else than a copy.

Both dumps are of one network, but of two engines, so honest taps differ by rounding, which grows from tap to tap. A
tap that shows another tensor differs at once by far more than what goes into it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.dtypes import ROUNDING_REL_L2, dtype_info
from parity.dump import Dump
from parity.errors import ParityError
from parity.measure import Arrays, bad_elements
from parity.metrics import real_rows, rel_l2_by_token, squares
from parity.replay.predict import captured_inputs
from parity.taps import Tap, TapGraph
from parity.tokens import TokenBatch

__all__ = ["find_aliasing"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

_BEYOND = 8.0
"""How many times farther than what goes into it a token may be: operations that are right enlarge noise, by up to 3."""

_LEAST = 1e-3
"""rel-L2 by which no tensor is as near to another one. Sums in fp32 that cancel differ by more than their rounding."""

_TOKENS = 0.1
"""Share of tokens beyond that; where attention nearly hangs on a tie, single tokens are."""


def find_aliasing(direct: Dump, copied: Dump) -> tuple[str, ...]:
    """The taps that show another tensor where they are marked directly, in graph order.

    Args:
        direct: the candidate with its tensors marked themselves.
        copied: the same candidate with its taps put out as private copies.

    Raises:
        ParityError: the dumps are of different networks or tokens, or have no tap in common.
    """
    ours, theirs = direct.manifest, copied.manifest
    if ours.runner.weights_digest != theirs.runner.weights_digest:
        raise ParityError(
            f"{direct.path} and {copied.path} are of different weights", cure="record both from one network"
        )
    if {p.name: p.tokens_digest for p in ours.phases} != {p.name: p.tokens_digest for p in theirs.phases}:
        raise ParityError(f"{direct.path} and {copied.path} are of different tokens", cure="record both again")
    graph = theirs.runner.graph
    found: set[str] = set()
    for record in theirs.phases:
        one, other = direct.phase(record.name), copied.phase(record.name)
        unit = math.sqrt(2) * ROUNDING_REL_L2 * dtype_info(theirs.runner.dtype).unit_roundoff
        found |= _aliased(graph, one.arrays, other.arrays, other.tokens, unit)
    return tuple(tap.name for tap in graph if tap.name in found)


def _aliased(graph: TapGraph, direct: Arrays, copied: Arrays, tokens: TokenBatch, rounding: float) -> set[str]:
    taps = [tap for tap in graph if tap.name in direct and tap.name in copied]
    if not taps:
        raise ParityError("the two dumps have no tap in common", cure="record both with the same --taps")
    noise: dict[str, Floats] = {}
    aliased = set()
    for tap in taps:
        distance = _distance(direct[tap.name], copied[tap.name], tap, tokens)
        inherited = [noise[name] for name in captured_inputs(graph, tap, noise)]
        limit = np.maximum(_LEAST, _BEYOND * _noise(inherited, rounding))
        if (distance > limit).mean() > _TOKENS:
            aliased.add(tap.name)  # and is no measure for what is computed from it, which did not read this
        else:
            noise[tap.name] = distance
    return aliased


def _noise(inherited: Sequence[Floats], rounding: float) -> Floats:
    """The noise of what goes into each token, ``[row]``: its own, that of others that it may attend to, a rounding."""
    levels = [np.maximum(distance, np.median(distance)) for distance in inherited]
    return np.asarray(np.maximum.reduce(levels, initial=rounding))


def _distance(direct: Array, copied: Array, tap: Tap, tokens: TokenBatch) -> Floats:
    """rel-L2 of each real token; infinite where only the direct one is not finite, 0 where the copy is not either."""
    one, other = real_rows(direct, tap, tokens), real_rows(copied, tap, tokens)
    with np.errstate(invalid="ignore", over="ignore"):
        found = rel_l2_by_token(squares(other, one))
    broken = bad_elements(other).any(axis=(1, 2))
    return np.where(broken, 0.0, np.where(np.isfinite(found), found, np.inf))
