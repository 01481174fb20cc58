"""Which operations make noise themselves, by what was read with all of them as the network says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from parity.limits import Limits
from parity.taps import TapGraph
from parity.tune.group import OperationGroup
from parity.tune.trial import TapReading, Trial

__all__ = ["CORRECT_KERNELS", "Suspicion"]

CORRECT_KERNELS = 1.2
"""R up to which kernels that are as good as the reference's have been seen."""


@dataclass(frozen=True)
class Suspicion:
    """What a trial says about single operations.

    Where errors were taken apart, their local part is taken. Otherwise R is compared with that of the inputs, as if
    errors grew through an operation as noise does.

    Attributes:
        trial: what was read, with the operations in question as the network says.
        graph: all taps.
    """

    trial: Trial
    graph: TapGraph

    @property
    def is_taken_apart(self) -> bool:
        """Whether the trial says what operations do wrong themselves."""
        return any(reading.own_noise_ratio is not None for reading in self.trial.readings)

    def noise(self, group: OperationGroup) -> float:
        """How many times more noise the operations of `group` make than correct ones, at the worst of their taps."""
        return max((self._made(reading) for reading in self._readings(group)), default=0.0)

    def is_noisy(self, group: OperationGroup) -> bool:
        """Whether that is more than correct kernels have been seen to make."""
        return not self.noise(group) <= CORRECT_KERNELS

    def is_needed(self, group: OperationGroup, limits: Limits) -> bool:
        """Whether one of its taps would be beyond `limits` even if nothing had come in."""
        own = [reading for reading in self._readings(group) if reading.tap in group.taps]
        return any(not self._own(reading) <= limits.for_tap(reading.tap).noise_ratio for reading in own)

    def _readings(self, group: OperationGroup) -> Sequence[TapReading]:
        """Those of its taps, or of the first taps that were read of what is computed from them."""
        found: dict[str, TapReading] = {}
        for tap in group.taps:
            reading = self.trial.reading(tap) or self._first_reading_behind(tap)
            if reading is not None:
                found[reading.tap] = reading
        return tuple(found.values())

    def _first_reading_behind(self, tap: str) -> TapReading | None:
        behind = {tap}
        for later in self.graph:
            if behind & set(later.inputs):
                behind.add(later.name)
                reading = self.trial.reading(later.name)
                if reading is not None:
                    return reading
        return None

    def _made(self, reading: TapReading) -> float:
        if reading.local_noise_ratio is not None:
            return reading.local_noise_ratio
        return _ratio(reading.noise_ratio, max(1.0, self._incoming(reading.tap)))

    def _own(self, reading: TapReading) -> float:
        """Where errors were not taken apart, nothing is claimed of operations that pass on what comes in."""
        if reading.own_noise_ratio is not None:
            return reading.own_noise_ratio
        if self._made(reading) <= CORRECT_KERNELS:
            return 0.0
        return math.sqrt(max(0.0, reading.noise_ratio**2 - self._incoming(reading.tap) ** 2))

    def _incoming(self, tap: str) -> float:
        """The largest R among what `tap` is computed from, as far as it was read."""
        waiting, known = list(self.graph[tap].inputs), [0.0]
        while waiting:
            name = waiting.pop()
            reading = self.trial.reading(name)
            if reading is None:
                waiting += self.graph[name].inputs
            else:
                known.append(reading.noise_ratio)
        return max(known)


def _ratio(noise: float, incoming: float) -> float:
    """Nothing can be said of an operation whose input is not finite."""
    return noise / incoming if math.isfinite(incoming) else 0.0
