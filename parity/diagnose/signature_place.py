"""Where a residual sits: tokens, prompts, heads, channels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from parity.diagnose.residual import Residual
from parity.diagnose.words import head_layout, ranges
from parity.replay.arrays import Floats
from parity.taps import Tap

__all__ = ["BEYOND_NOISE", "channel_words", "token_words"]

BEYOND_NOISE = 4.0
"""A token errs where its R is larger: what one token's noise may be."""

_ALMOST_ALL = 0.9
_FEW = 0.1
_FOLLOWS = 0.6
_FEWEST_TOKENS = 16
_LISTED = 8

Mask = npt.NDArray[np.bool_]


def token_words(residual: Residual) -> Iterator[str]:
    """Which tokens err, and whether the error grows along the prompt."""
    tokens, off = residual.tokens, residual.ratio > BEYOND_NOISE
    if not off.any():
        return
    if off.all():
        yield from _growth_words(residual)
    elif (off == (tokens.ordinals == 0)).all():
        yield "only the first token of each prompt errs"
    elif (prompts := _prompts(residual, off)) is not None:
        several = "s" if prompts.sum() > 1 else ""
        yield f"only prompt{several} {ranges(prompts)} of {prompts.size} err{'' if several else 's'}"
    elif (start := _start(tokens.ordinals, off)) is not None:
        yield f"only tokens from {start} on err"
    elif (start := _start(-tokens.ordinals, off)) is not None:
        yield f"only tokens up to {-start} err"
    elif off.mean() <= _FEW:
        yield f"only {int(off.sum())} of {off.size} tokens err: {ranges(off)}"
    else:
        yield from _growth_words(residual)


def channel_words(residual: Residual, tap: Tap) -> Iterator[str]:
    """Heads or channels that hold nearly all of it, though few."""
    energy = np.einsum("rc,rc->c", residual.values, residual.values)
    own = np.einsum("rc,rc->c", residual.predicted, residual.predicted)
    if "channel" not in tap.axes:
        return
    heads, _ = head_layout(tap)
    groups = (("head", heads), ("channel", energy.size))
    for noun, count in groups:
        if count > 1:
            chosen = _holders(energy.reshape(count, -1).sum(axis=1))
            share = float(np.repeat(chosen, energy.size // count) @ own / own.sum()) if own.any() else 0.0
            limit = 0.5 if noun == "head" else _FEW
            if 0 < chosen.sum() <= max(1, limit * count) and share < _ALMOST_ALL:
                plural = "s" if chosen.sum() > 1 else ""
                yield (
                    f"{_ALMOST_ALL:.0%} of it sits in {noun}{plural} {ranges(chosen)} of {count}, "
                    f"which hold {share:.0%} of the output's own square"
                )
                return


def _prompts(residual: Residual, off: Mask) -> Mask | None:
    """The prompts that err, where they err nearly throughout and the others not at all."""
    counts = np.bincount(residual.tokens.prompts)
    wrong = np.bincount(residual.tokens.prompts, weights=off)
    err = wrong > 0
    return err if not err.all() and (wrong[err] >= _ALMOST_ALL * counts[err]).all() else None


def _start(ordinals: npt.NDArray[np.int64], off: Mask) -> int | None:
    """From where on nearly every token errs and before which none does; None without such a place."""
    start = int(ordinals[off].min())
    after = ordinals >= start
    return start if off[after].mean() >= _ALMOST_ALL and not after.all() else None


def _growth_words(residual: Residual) -> Iterator[str]:
    """Correlation of the logarithms of relative error and of the place in the prompt."""
    size = np.sqrt(np.einsum("rc,rc->r", residual.predicted, residual.predicted))
    usable = (residual.by_token > 0) & (size > 0)
    if usable.sum() < _FEWEST_TOKENS or np.ptp(residual.tokens.ordinals[usable]) == 0:
        return
    place = np.log1p(residual.tokens.ordinals[usable])
    error = np.log(residual.by_token[usable] / size[usable])
    correlation = _correlation(place, error)
    if abs(correlation) > _FOLLOWS:
        slope = correlation * error.std() / place.std()
        word = "grows" if correlation > 0 else "shrinks"
        yield f"it {word} along the prompt, about as the power {slope:.2g} of the place (correlation {correlation:.2f})"


def _correlation(left: Floats, right: Floats) -> float:
    if left.std() == 0 or right.std() == 0:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])


def _holders(energy: Floats) -> Mask:
    """The fewest elements that hold nearly all of the energy."""
    order = np.argsort(-energy, kind="stable")
    needed = int(np.searchsorted(np.cumsum(energy[order]), _ALMOST_ALL * energy.sum())) + 1
    chosen = np.zeros(energy.size, dtype=np.bool_)
    chosen[order[:needed]] = True
    return chosen
