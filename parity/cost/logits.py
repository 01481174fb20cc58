"""What a difference in the logits means for the text: distance of distributions, changed choices, margins."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from parity.diagnosis import LogitCost
from parity.replay.arrays import Floats

__all__ = ["logit_cost"]

_CHUNK_ELEMENTS = 2**22
_TOP = 5

_NOISES_OF_MARGIN = 3.0
"""A choice counts as decided where its margin is above this many times the noise of a margin."""


def logit_cost(truth: npt.NDArray[np.floating], candidate: npt.NDArray[np.floating], noise: Floats) -> LogitCost:
    """Compare logits of real positions.

    Args:
        truth, candidate: ``[row, vocabulary]``, finite.
        noise: root mean square noise of a logit at each row, ``[row]``.
    """
    rows = [_row_costs(*chunk) for chunk in _chunks(truth, candidate)]
    divergence, same, overlap, margin, kept = (np.concatenate(part) for part in zip(*rows, strict=True))
    decided = margin > _NOISES_OF_MARGIN * np.sqrt(2) * noise
    used = (1 - kept / np.where(decided, margin, 1.0))[decided]
    return LogitCost(
        positions=len(divergence),
        mean_kl=float(divergence.mean()),
        max_kl=float(divergence.max()),
        top1_agreement=float(same.mean()),
        decided_positions=int(decided.sum()),
        decided_top1_agreement=float(same[decided].mean()) if decided.any() else 1.0,
        flipped_positions=int((~same).sum()),
        top5_overlap=float(overlap.mean()),
        median_margin_used=float(np.median(used)) if decided.any() else 0.0,
        max_margin_used=float(used.max()) if decided.any() else 0.0,
    )


def _chunks(truth: npt.NDArray[np.floating], candidate: npt.NDArray[np.floating]) -> Iterator[tuple[Floats, Floats]]:
    step = max(1, _CHUNK_ELEMENTS // truth.shape[1])
    for start in range(0, len(truth), step):
        part = slice(start, start + step)
        yield truth[part].astype(np.float64), candidate[part].astype(np.float64)


def _row_costs(truth: Floats, candidate: Floats) -> tuple[npt.NDArray[np.generic], ...]:
    """Divergence, same choice, overlap, the truth's margin and what the candidate keeps of it, ``[row]`` each."""
    log_truth, log_candidate = _log_softmax(truth), _log_softmax(candidate)
    divergence = np.maximum((np.exp(log_truth) * (log_truth - log_candidate)).sum(axis=1), 0.0)
    choice = truth.argmax(axis=1)
    same = candidate.argmax(axis=1) == choice
    return divergence, same, _overlap(truth, candidate), _margin(truth, choice), _margin(candidate, choice)


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    normalised: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return normalised


def _margin(logits: Floats, choice: npt.NDArray[np.intp]) -> Floats:
    """The logit of `choice` minus the largest other one."""
    rows = np.arange(len(logits))
    others = logits.copy()
    others[rows, choice] = -np.inf
    margin: Floats = logits[rows, choice] - others.max(axis=1)
    return margin


def _overlap(truth: Floats, candidate: Floats) -> Floats:
    top = min(_TOP, truth.shape[1])
    ours, theirs = (np.argpartition(logits, -top, axis=1)[:, -top:] for logits in (truth, candidate))
    shared: Floats = (ours[:, :, None] == theirs[:, None, :]).any(axis=2).mean(axis=1)
    return shared
