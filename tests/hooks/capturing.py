"""What the tests of the PyTorch side share: token batches, and captures as plain mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.hooks import TransformersRunner
from parity.taps import Tap
from parity.tokens import Phase, TokenBatch

__all__ = ["captured", "every_tap", "hook_count", "left_padded", "random_batch"]


def random_batch(*lengths: int, vocabulary: int = 320, seed: int = 7) -> TokenBatch:
    """One prompt of each length, ids drawn at random."""
    draw = np.random.default_rng(seed)
    return TokenBatch.from_sequences([draw.integers(1, vocabulary, length).tolist() for length in lengths])


def left_padded(batch: TokenBatch) -> TokenBatch:
    """`batch` with its padding moved to the left of each prompt."""
    width = batch.ids.shape[1]
    shift = [width - length for length in batch.lengths]
    ids, mask = (
        np.stack([np.roll(row, by) for row, by in zip(array, shift, strict=True)]) for array in (batch.ids, batch.mask)
    )
    positions = np.maximum(np.arange(width) - np.array(shift)[:, None], 0)
    return TokenBatch(ids, mask, positions)


def every_tap(runner: TransformersRunner) -> Sequence[Tap]:
    """All taps, scores and probabilities among them."""
    return list(runner.describe().graph)


def captured(
    runner: TransformersRunner, tokens: TokenBatch, taps: Sequence[Tap] | None = None
) -> Mapping[str, npt.NDArray[Any]]:
    """Each of `taps` (every tap by default) by name, in the order of their coming; a tap that comes twice fails."""
    arrays: dict[str, npt.NDArray[Any]] = {}

    def sink(name: str, array: npt.NDArray[Any]) -> None:
        assert name not in arrays, f"{name} came twice"
        arrays[name] = array

    runner.capture(Phase("prefill", tokens), every_tap(runner) if taps is None else taps, sink)
    return arrays


def hook_count(model: Any) -> int:
    """How many forward hooks and pre-hooks sit on the modules of `model`."""
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())
