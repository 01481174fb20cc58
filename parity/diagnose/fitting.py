"""Solving for the parameters of a fault: small searches, then least squares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from parity.replay.arrays import Floats

__all__ = ["EQUALLY_GOOD", "Guess", "best_guess", "least_squares", "minimum", "plainly", "round_numbers"]

EQUALLY_GOOD = 1.1
"""Remainders (squared) that differ by less are equally good, and each fitted number must pay for itself by as much."""

_MOST_PRICED = 1000
"""More fitted numbers than this cost no more: the price is a power, and would overflow."""

_MODEL = TypeVar("_MODEL")


@dataclass(frozen=True, eq=False)
class Guess(Generic[_MODEL]):
    """One variant of a fault.

    Attributes:
        sentence: the fault in words.
        model: how to compute what it puts out.
        fitted: how many numbers were fitted.
    """

    sentence: str
    model: _MODEL
    fitted: int = 0


def best_guess(
    guesses: Iterable[Guess[_MODEL]], remainder: Callable[[_MODEL], float]
) -> tuple[Guess[_MODEL], float] | None:
    """The guess that leaves least for its price, with what it leaves; of equally good and priced ones the first."""
    judged = [(guess, remainder(guess.model)) for guess in guesses]
    finite = [pair for pair in judged if np.isfinite(pair[1])]
    if not finite:
        return None
    best, least = min(finite, key=lambda pair: pair[1] * _price(pair[0].fitted))
    return next(pair for pair in finite if pair[0].fitted == best.fitted and pair[1] <= EQUALLY_GOOD * least)


def _price(fitted: int) -> float:
    return EQUALLY_GOOD ** min(fitted, _MOST_PRICED)


def least_squares(
    model: Callable[[Floats], Floats],
    start: Sequence[float],
    *,
    target: Floats,
    weights: Floats,
    low: Sequence[float],
    high: Sequence[float],
    steps: int = 60,
) -> tuple[Floats, float]:
    """Parameters θ that minimise Σ weights·(model(θ) - target)², by Levenberg and Marquardt's method.

    Args:
        model: maps parameters ``[parameter]`` to values ``[value]``.
        start: where to begin.
        target, weights: ``[value]``.
        low, high: bounds of each parameter.
        steps: at most so many.

    Returns:
        The parameters and the weighted sum of squares.
    """
    root, theta, damping = np.sqrt(weights), np.clip(np.asarray(start, dtype=np.float64), low, high), 1e-3
    error = root * (model(theta) - target)
    cost = float(error @ error)
    for _ in range(steps):
        jacobian = root[:, None] * _jacobian(model, theta)  # [value, parameter]
        normal = jacobian.T @ jacobian
        damped = normal + damping * np.diag(np.diag(normal)) + 1e-300 * np.eye(theta.size)
        step = np.linalg.lstsq(damped, -jacobian.T @ error, rcond=None)[0]
        moved = np.clip(theta + step, low, high)
        trial = root * (model(moved) - target)
        trial_cost = float(trial @ trial)
        if trial_cost < cost:
            done = cost - trial_cost <= 1e-14 * cost
            theta, error, cost, damping = moved, trial, trial_cost, damping / 10
            if done:
                break
        else:
            damping *= 10
            if damping > 1e12:
                break
    return theta, cost


def minimum(function: Callable[[float], float], grid: Sequence[float] | Floats, *, steps: int = 40) -> float:
    """The place of the least value of `function` near the best point of the increasing `grid`.

    Golden-section search between the neighbours of that point (Kiefer 1953).
    """
    points = np.asarray(grid, dtype=np.float64)
    best = int(np.argmin([function(float(point)) for point in points]))
    low, high = points[max(best - 1, 0)], points[min(best + 1, points.size - 1)]
    ratio = (5**0.5 - 1) / 2
    inner = [high - ratio * (high - low), low + ratio * (high - low)]
    values = [function(float(point)) for point in inner]
    for _ in range(steps):
        if values[0] < values[1]:
            high, inner[1], values[1] = inner[1], inner[0], values[0]
            inner[0] = high - ratio * (high - low)
            values[0] = function(float(inner[0]))
        else:
            low, inner[0], values[0] = inner[0], inner[1], values[1]
            inner[1] = low + ratio * (high - low)
            values[1] = function(float(inner[1]))
    return float((low + high) / 2)


def round_numbers(value: float, *, digits: int = 3) -> Iterator[tuple[float, int]]:
    """`value` rounded to 1, 2 … `digits` digits, then `value` itself: people write round numbers.

    Yields:
        The number, and what it counts as in fitted numbers: one, or two where it is not round.
    """
    seen = set()
    for count in range(1, digits + 1):
        rounded = float(f"{value:.{count}g}")
        if rounded not in seen:
            seen.add(rounded)
            yield rounded, 1
    if value not in seen:
        yield value, 2


def plainly(value: float, *, digits: int = 6) -> str:
    """`value` to so many digits, without an exponent where it is a usual size: ``1000000``."""
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:.12g}"


def _jacobian(model: Callable[[Floats], Floats], theta: Floats) -> Floats:
    columns = []
    for index in range(theta.size):
        step = 1e-6 * max(1.0, abs(theta[index]))
        ahead, behind = theta.copy(), theta.copy()
        ahead[index] += step
        behind[index] -= step
        columns.append((model(ahead) - model(behind)) / (2 * step))
    return np.stack(columns, axis=-1)
