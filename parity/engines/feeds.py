"""What an engine's inputs are fed with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from parity.engines.tapped_network import INPUT_NAMES, TappedNetwork
from parity.errors import ParityError
from parity.tokens import TokenBatch

__all__ = ["INPUT_NAMES", "feeds_for", "network_feeds"]


def network_feeds(names: Sequence[str], tokens: TokenBatch, network: TappedNetwork) -> dict[str, npt.NDArray[Any]]:
    """Arrays for the inputs `names` of `network`, which may do without positions and mask."""
    return feeds_for(names, tokens, network.inputs, at=str(network.path))


def feeds_for(
    names: Sequence[str], tokens: TokenBatch, called: Mapping[str, str], *, at: str
) -> dict[str, npt.NDArray[Any]]:
    """Arrays for inputs, in the types of `TokenBatch`.

    Args:
        names: inputs to feed.
        tokens: what goes in.
        called: the engine's own name of each of `INPUT_NAMES` that it calls otherwise.
        at: what is fed, for messages.

    Raises:
        ParityError: it asks for something else than ids, positions and mask.
    """
    arrays = dict(zip(INPUT_NAMES, (tokens.ids, tokens.positions, tokens.mask), strict=True))
    known = {called.get(name, name): array for name, array in arrays.items()}
    strange = [name for name in names if name not in known]
    if strange:
        raise ParityError(
            f"{at}: asks for inputs that are unknown: {', '.join(strange)}; known are {', '.join(known)}",
            cure="export the network without a cache, or map input_ids, position_ids and attention_mask to its names",
        )
    return {name: known[name] for name in names}
