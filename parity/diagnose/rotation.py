"""What a candidate did to each pair of channels of a rotary tap, read off its input and output.

A pair of channels is one complex number z. The reference multiplies it by scale·e^(iωp) at position p; most faults
multiply it by something else. The least-squares factor Σ conj(z_in) z_out / Σ |z_in|² over the heads of a token holds
everything that can be known about such a fault, in a table of one number per token and pair, so that a guess is
judged without touching the heads again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, best_guess
from parity.diagnose.frequencies import FrequencyFit, fit_frequencies
from parity.diagnose.hypothesis import Prediction
from parity.diagnose.pair_layout import PairLayout, halves, interleaved
from parity.diagnose.remembered import remembered
from parity.diagnose.token_rows import Integers, TokenRows, real_tokens, spread
from parity.replay.arrays import Floats

__all__ = [
    "Complexes",
    "Rotation",
    "RowOperation",
    "Turning",
    "Turns",
    "frequency_guesses",
    "rotary_predictions",
    "rotary_row_predictions",
    "rotation_at",
    "rotation_of",
    "turning",
]

Complexes = npt.NDArray[np.complex128]

RowOperation = Callable[[Floats, TokenRows], Floats]
"""A guess that is no multiplication of pairs: input ``[row, head, channel]`` to output, at the given tokens."""

_MOST_LEFT = 0.5
_SAME_FREQUENCY = 1e-4
_FEW_ELEMENTS = 2**17
_ROWS = 768


@dataclass(frozen=True, eq=False)
class Turning:
    """A guess at what the candidate did.

    Attributes:
        factors: gives the factor of each pair at some tokens, complex, ``[row, pair]``.
        source: which channels of the input form pairs; None for the layout that fits the candidate.
        target: which channels of the output the pairs go to; likewise.
    """

    factors: Callable[[TokenRows], Complexes]
    source: PairLayout | None = None
    target: PairLayout | None = None


def turning(
    frequencies: Floats, *, scale: float = 1.0, positions: Callable[[TokenRows], Floats] | None = None
) -> Turning:
    """Rotation by `frequencies` ``[pair]`` times `positions` (the given ones if None), scaled by `scale`."""

    def factors(rows: TokenRows) -> Complexes:
        at = rows.positions if positions is None else positions(rows)
        rotated: Complexes = scale * np.exp(1j * at[:, None] * frequencies)
        return rotated

    return Turning(factors)


def frequency_guesses(
    rotation: Rotation, sentence: str, frequencies: Floats, *, fitted: int, scales: Iterable[tuple[str, float]] = ()
) -> Iterator[Guess[Turning]]:
    """Rotation by `frequencies` ``[pair]`` with the reference's scale, with `scales`, or with a fitted one.

    Frequencies that equal the reference's explain nothing and make no guess.

    Args:
        rotation: the tap.
        sentence: the fault in words.
        frequencies: radians per position.
        fitted: numbers that were fitted for them.
        scales: more scales to try that need no fit, each with what to append to the sentence.
    """
    if np.allclose(frequencies, rotation.frequencies, rtol=_SAME_FREQUENCY, atol=0):
        return
    frequencies = rotation.fit.nearest(frequencies)
    yield Guess(sentence, turning(frequencies, scale=rotation.scale), fitted)
    for suffix, scale in scales:
        yield Guess(sentence + suffix, turning(frequencies, scale=scale), fitted)
    scale = rotation.fitted_scale(frequencies)
    yield Guess(f"{sentence}, and cos and sin times {scale:.4g}", turning(frequencies, scale=scale), fitted + 1)


@dataclass(frozen=True, eq=False)
class Turns:
    """The factor by which each pair was multiplied, over the heads of a token.

    Attributes:
        factors: complex, ``[row, pair]``.
        weights: Σ |z_in|² over heads, ``[row, pair]``.
        unexplained: Σ |z_out - factor·z_in|²: what no factor explains.
    """

    factors: Complexes
    weights: Floats
    unexplained: float

    def remainder(self, factors: Complexes) -> float:
        """Σ |z_out - `factors`·z_in|² over rows, heads and pairs."""
        return float(np.sum(self.weights * np.abs(self.factors - factors) ** 2)) + self.unexplained


@dataclass(frozen=True, eq=False)
class Rotation:
    """A rotary tap at some real tokens: all, or evenly spread ones where there are many.

    Attributes:
        rows: which tokens.
        before, after: the candidate's captured input and output, ``[row, head, channel]``.
        frequencies: the reference's angle per position of each pair, ``[pair]``.
        scale: the reference's factor on cos and sin.
    """

    rows: TokenRows
    before: Floats
    after: Floats
    frequencies: Floats
    scale: float

    @property
    def channels(self) -> int:
        """Channels of a head."""
        return int(self.before.shape[-1])

    @property
    def pairs(self) -> int:
        """Rotated pairs of a head."""
        return self.channels // 2

    @cached_property
    def layout(self) -> PairLayout:
        """Halves, unless pairs of neighbours fit the candidate far better."""
        split, neighbours = halves(self.channels), interleaved()
        left = self._turns_of(split, split).unexplained
        if left <= 0.1 * self.whole or self._turns_of(neighbours, neighbours).unexplained > 0.1 * left:
            return split
        return neighbours

    @cached_property
    def turns(self) -> Turns:
        """The turns of `layout`."""
        return self._turns_of(self.layout, self.layout)

    @cached_property
    def fit(self) -> FrequencyFit:
        """The frequency of each pair that fits `turns` best."""
        return fit_frequencies(self.turns.factors * self.turns.weights, self.turns.weights, self.rows.positions)

    @cached_property
    def whole(self) -> float:
        """What there is to explain: Σ (output - reference's operation)²."""
        split = halves(self.channels)
        expected = turning(self.frequencies, scale=self.scale).factors(self.rows)
        return self._turns_of(split, split).remainder(expected)

    @cached_property
    def whole_in_layout(self) -> float:
        """What is left to explain once `layout` is known."""
        return self.turns.remainder(turning(self.frequencies, scale=self.scale).factors(self.rows))

    def remainder(self, model: Turning) -> float:
        """What `model` leaves unexplained."""
        source, target = model.source or self.layout, model.target or self.layout
        return self._turns_of(source, target).remainder(model.factors(self.rows))

    def fitted_scale(self, frequencies: Floats) -> float:
        """The factor on cos and sin that fits best where pairs turn by `frequencies`."""
        turns, unit = self.turns, turning(frequencies).factors(self.rows)
        total = float(turns.weights.sum())
        return float(np.sum(turns.weights * (np.conj(unit) * turns.factors).real)) / total if total > 0 else 1.0

    def few(self) -> tuple[Floats, Floats, TokenRows]:
        """Input and output ``[row, head, channel]`` at few tokens, for guesses that touch every channel."""
        chosen = spread(len(self.rows), max(16, _FEW_ELEMENTS // self.before[0].size))
        return self.before[chosen], self.after[chosen], self.rows.take(chosen)

    def _turns_of(self, source: PairLayout, target: PairLayout) -> Turns:
        found: Turns | None = self._known.get((source.name, target.name))
        if found is None:
            found = self._known[source.name, target.name] = _turns(source.pairs(self.before), target.pairs(self.after))
        return found

    @cached_property
    def _known(self) -> dict[tuple[str, str], Turns]:
        return {}


@remembered
def rotation_of(case: SourceCase) -> Rotation:
    """A case whose tap is a rotary embedding, at no more than 768 of its tokens."""
    return rotation_at(case, spread(int(case.reference.tokens.mask.sum()), _ROWS))


def rotation_at(case: SourceCase, chosen: Integers) -> Rotation:
    """The case at the real tokens with the indices `chosen`."""
    rows, mask, settings = real_tokens(case.reference.tokens), case.reference.tokens.mask, case.settings
    frequencies = settings.inverse_frequencies.astype(np.float64)
    before, after = (array[mask][chosen] for array in (case.inputs[0], case.output))
    return Rotation(rows.take(chosen), before, after, frequencies, settings.rotary_scale)


def rotary_predictions(case: SourceCase, guesses: Iterable[Guess[Turning]]) -> Iterator[Prediction]:
    """The prediction of the best of `guesses`, or none where even that leaves more than half of the residual."""
    rotation = rotation_of(case)
    found = best_guess(guesses, rotation.remainder)
    if found is None or found[1] > _MOST_LEFT * (rotation.whole if found[0].model.source else rotation.whole_in_layout):
        return
    guess = found[0]
    other = guess.model.source is None and rotation.layout.name != "halves"
    suffix = f", on {rotation.layout.name} pairs of channels" if other else ""
    yield Prediction(guess.sentence + suffix, _turned(case, guess.model), guess.fitted)


def rotary_row_predictions(case: SourceCase, guesses: Iterable[Guess[RowOperation]]) -> Iterator[Prediction]:
    """As `rotary_predictions`, for guesses that are no multiplication of pairs."""
    rotation, tokens = rotation_of(case), case.reference.tokens
    before, after, rows = rotation.few()

    def remainder(operation: RowOperation) -> float:
        return float(np.sum((after - operation(before, rows)) ** 2))

    found = best_guess(guesses, remainder)
    expected = turning(rotation.frequencies, scale=rotation.scale)
    if found is None or found[1] > _MOST_LEFT * remainder(_pairwise(expected, halves(rotation.channels))):
        return
    output = case.predicted.copy()
    output[tokens.mask] = found[0].model(case.inputs[0][tokens.mask], real_tokens(tokens))
    yield Prediction(found[0].sentence, output, found[0].fitted)


def _pairwise(model: Turning, layout: PairLayout) -> RowOperation:
    return lambda x, rows: layout.channels(model.factors(rows)[:, None, :] * layout.pairs(x))


def _turned(case: SourceCase, model: Turning) -> Floats:
    """The output at every real token; at padding, the reference's."""
    tokens = case.reference.tokens
    layout = rotation_of(case).layout
    source, target = model.source or layout, model.target or layout
    output: Floats = case.predicted.copy()
    factors = model.factors(real_tokens(tokens))[:, None, :]  # [row, 1, pair]
    output[tokens.mask] = target.channels(factors * source.pairs(case.inputs[0][tokens.mask]))
    return output


def _turns(before: Complexes, after: Complexes) -> Turns:
    """From pairs ``[row, head, pair]``."""
    weights = np.sum(before.real**2 + before.imag**2, axis=1)
    products = np.sum(np.conj(before) * after, axis=1)
    factors = products / np.where(weights > 0, weights, 1.0)
    left = after - factors[:, None, :] * before
    return Turns(factors, weights, float(np.sum(left.real**2 + left.imag**2)))
