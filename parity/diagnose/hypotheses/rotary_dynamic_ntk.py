"""RoPE with a base that follows the length (dynamic NTK)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import EQUALLY_GOOD, Guess, plainly
from parity.diagnose.frequencies import FrequencyFit, fit_frequencies, plain_base, with_base
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotary_families import fit_base, solved_base
from parity.diagnose.rotation import Complexes, Rotation, Turning, rotary_predictions, rotation_of, turning
from parity.diagnose.token_rows import Integers, TokenRows
from parity.replay.arrays import Floats

__all__ = ["ROTARY_DYNAMIC_NTK"]

_USUAL_ALPHAS = (2, 3, 4, 7, 8, 15, 16, 31, 63)
_ALPHA_TOLERANCE = 0.03
_CHANGED = 0.01


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """base·α^(d/(d-2)); α = 2^k - 1 in Qwen-1's code, 1 up to the trained length."""
    rotation = rotation_of(case)
    solved = solved_base(rotation)
    if solved is None or rotation.channels <= 2:
        return ()
    return rotary_predictions(case, (*_for_all(rotation, solved.base), *_from_length(rotation)))


def _for_all(rotation: Rotation, base: float) -> Iterator[Guess[Turning]]:
    """One usual α for every prompt, unless the base is a round number, which says more."""
    own, exponent = plain_base(rotation.frequencies), rotation.channels / (rotation.channels - 2)
    alpha = (base / own) ** (1 / exponent)
    least = EQUALLY_GOOD * rotation.remainder(_turning(rotation, base))
    if rotation.remainder(_turning(rotation, float(f"{base:.1g}"))) <= least:
        return
    for usual in _USUAL_ALPHAS:
        changed = own * usual**exponent
        if abs(alpha / usual - 1) < _ALPHA_TOLERANCE and rotation.remainder(_turning(rotation, changed)) <= least:
            sentence = f"dynamic NTK with α = {usual}: base {plainly(changed)} instead of {plainly(own)}"
            yield Guess(sentence, _turning(rotation, changed), 1)


@dataclass(frozen=True, eq=False)
class _PromptBases:
    """The base that fits each prompt, NaN where its tokens can't tell."""

    bases: Floats  # [prompt]
    fits: Mapping[int, FrequencyFit]  # by prompt
    lengths: Integers  # [prompt]
    changed: np.ndarray  # bool, [prompt]


def _from_length(rotation: Rotation) -> Iterator[Guess[Turning]]:
    """Prompts longer than some length have another base than the reference's, shorter ones don't."""
    found, own = _by_prompt(rotation), plain_base(rotation.frequencies)
    changed, known = found.changed, np.isfinite(found.bases)
    kept = known & ~changed
    if not changed.any() or not kept.any() or found.lengths[changed].min() <= found.lengths[kept].max():
        return
    exponent = rotation.channels / (rotation.channels - 2)
    alphas = (found.bases / own) ** (1 / exponent)
    usual = np.array([_nearest_alpha(float(alpha)) for alpha in alphas[changed]])
    words = f"prompts longer than {found.lengths[kept].max()} tokens are rotated with"
    for values, fitted in ((usual, 1), (alphas[changed], int(changed.sum()))):
        bases = np.full(found.bases.size, own)
        bases[changed] = own * values**exponent
        pairs = sorted(set(zip(bases[changed], values, strict=True)))
        listed = ", ".join(f"{plainly(base)} (α = {value:.4g})" for base, value in pairs)
        sentence = f"dynamic NTK: {words} base {listed} instead of {plainly(own)}"
        yield Guess(sentence, _by_prompt_turning(rotation, found, bases), fitted)


def _nearest_alpha(alpha: float) -> int:
    return min(_USUAL_ALPHAS, key=lambda usual: abs(np.log(usual / alpha)))


def _by_prompt(rotation: Rotation) -> _PromptBases:
    rows, turns, own = rotation.rows, rotation.turns, plain_base(rotation.frequencies)
    fits: dict[int, FrequencyFit] = {}
    bases, lengths = np.full(int(rows.prompts.max()) + 1, np.nan), np.zeros(int(rows.prompts.max()) + 1, dtype=np.int64)
    for prompt in np.unique(rows.prompts):
        of = rows.prompts == prompt
        lengths[prompt] = rows.lengths[of][0]
        fit = fit_frequencies((turns.factors * turns.weights)[of], turns.weights[of], rows.positions[of])
        if fit.distinct_positions > 0:
            bases[prompt], fits[int(prompt)] = fit_base(fit, rotation.frequencies), fit
    with np.errstate(invalid="ignore"):
        changed = np.abs(np.log(bases / own)) > _CHANGED
    return _PromptBases(bases, fits, lengths, changed)


def _turning(rotation: Rotation, base: float) -> Turning:
    return turning(rotation.fit.nearest(with_base(rotation.frequencies, base)), scale=rotation.scale)


def _by_prompt_turning(rotation: Rotation, found: _PromptBases, bases: Floats) -> Turning:
    table = np.tile(rotation.frequencies, (bases.size, 1))  # [prompt, pair]
    for prompt in np.flatnonzero(found.changed):
        table[prompt] = found.fits[int(prompt)].nearest(with_base(rotation.frequencies, float(bases[prompt])))

    def factors(rows: TokenRows) -> Complexes:
        turned: Complexes = rotation.scale * np.exp(1j * rows.positions[:, None] * table[rows.prompts])
        return turned

    return Turning(factors)


ROTARY_DYNAMIC_NTK = Hypothesis("rotary_dynamic_ntk", ("rotary",), _predict, rank=2)
