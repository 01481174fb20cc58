"""RoPE with frequencies that follow no known rule."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import frequency_guesses, rotary_predictions, rotation_of

__all__ = ["ROTARY_FREQUENCIES"]

_FEWEST_POSITIONS = 3


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Each pair's frequency fitted by itself: says that the fault is in the frequencies, not which it is."""
    rotation = rotation_of(case)
    fit = rotation.fit
    if fit.distinct_positions < _FEWEST_POSITIONS:
        return ()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(fit.information > 0, fit.values / rotation.frequencies, np.nan)
    shown = ", ".join(f"{ratio[pair]:.3g}" for pair in np.unique(np.linspace(0, ratio.size - 1, 5).astype(int)))
    sentence = f"RoPE's frequencies follow no known rule; they are the reference's times {shown} (evenly chosen pairs)"
    return rotary_predictions(case, frequency_guesses(rotation, sentence, fit.values, fitted=rotation.pairs))


ROTARY_FREQUENCIES = Hypothesis("rotary_frequencies", ("rotary",), _predict, rank=60)
