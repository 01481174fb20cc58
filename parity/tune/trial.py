"""What was measured with one choice of operations in fp32."""

from __future__ import annotations

from dataclasses import dataclass

from parity.limits import Limits

__all__ = ["TapReading", "Trial"]


@dataclass(frozen=True)
class TapReading:
    """One tap; of several phases, the worst.

    Attributes:
        tap: its name.
        noise_ratio: R, median over tokens; infinite where the tap is not finite.
        worst_token_noise_ratio: R of the worst token.
        local_noise_ratio: R of what its own operation does wrong, in units of that operation's own noise; None where
            errors were not taken apart.
        own_noise_ratio: R that the tap would have if nothing had come in: what its own operation does wrong, in the
            units of `noise_ratio`; None likewise.
    """

    tap: str
    noise_ratio: float
    worst_token_noise_ratio: float
    local_noise_ratio: float | None = None
    own_noise_ratio: float | None = None

    def is_beyond(self, limits: Limits) -> bool:
        """Whether either ratio is above its limit; NaN is."""
        applied = limits.for_tap(self.tap)
        median, worst = self.noise_ratio, self.worst_token_noise_ratio
        return not (median <= applied.noise_ratio and worst <= applied.worst_token_noise_ratio)

    def excess(self, limits: Limits) -> float:
        """The larger of both ratios in units of its limit."""
        applied = limits.for_tap(self.tap)
        ratios = (
            self.noise_ratio / applied.noise_ratio,
            self.worst_token_noise_ratio / applied.worst_token_noise_ratio,
        )
        return max(ratios)


@dataclass(frozen=True)
class Trial:
    """One network that was built, run and compared.

    Attributes:
        fp32: taps whose operations ran in fp32, in graph order.
        readings: every compared tap, in graph order.
        seconds: what building, running and comparing took.
    """

    fp32: tuple[str, ...]
    readings: tuple[TapReading, ...]
    seconds: float

    def beyond(self, limits: Limits) -> tuple[TapReading, ...]:
        """The taps that are beyond `limits`, in graph order."""
        return tuple(reading for reading in self.readings if reading.is_beyond(limits))

    def passes(self, limits: Limits) -> bool:
        """Whether no tap is."""
        return not self.beyond(limits)

    def reading(self, tap: str) -> TapReading | None:
        """What was read at `tap`; None where it was not compared."""
        return next((reading for reading in self.readings if reading.tap == tap), None)

    def worst(self, limits: Limits) -> TapReading:
        """The tap that comes nearest to its limit, or goes farthest beyond."""
        return max(self.readings, key=lambda reading: reading.excess(limits))
