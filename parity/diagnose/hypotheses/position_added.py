"""Something added to the embedding that depends on the position alone: learned or sinusoidal positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["POSITION_ADDED"]

_SINUSOID_BASE = 1e4


def _predict(case: SourceCase) -> Iterable[Prediction]:
    for sentence, added in _sinusoids(case):
        yield Prediction(f"sinusoidal positions ({sentence}) are added", case.predicted + added)
    other = _from_other_prompts(case)
    if other is not None:
        yield Prediction("something is added that depends on the position alone", case.predicted + other)


def _sinusoids(case: SourceCase) -> Iterator[tuple[str, Floats]]:
    """Vaswani et al. 2017, arXiv 1706.03762, section 3.5, in both orders of channels in use."""
    width = case.output.shape[-1]
    if width % 2:
        return
    inverse = _SINUSOID_BASE ** (-np.arange(width // 2) / (width // 2))
    angles = case.reference.tokens.positions[..., None] * inverse  # [batch, token, width / 2]
    yield "sines and cosines in turn", np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(case.output.shape)
    yield "sines, then cosines", np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)


def _from_other_prompts(case: SourceCase) -> Floats | None:
    """What other prompts have added at the same position; None with a single prompt.

    Each prompt is predicted from the others alone, so nothing is fitted to it.
    """
    tokens = case.reference.tokens
    residual = columns(case, case.residual)
    prompts, positions = np.nonzero(tokens.mask)[0], tokens.positions[tokens.mask]
    added = np.zeros_like(residual)
    shared = False
    for position in np.unique(positions):
        rows = np.flatnonzero(positions == position)
        if np.unique(prompts[rows]).size > 1:
            shared = True
            for row in rows:
                added[row] = residual[rows[prompts[rows] != prompts[row]]].mean(axis=0)
    if not shared:
        return None
    placed = np.zeros_like(case.output)
    placed[tokens.mask] = added
    return placed


POSITION_ADDED = Hypothesis("position_added", ("embedding",), _predict, rank=40, needs_all_tokens=True)
