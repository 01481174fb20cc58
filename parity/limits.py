"""What is judged by: one table of limits with the reason beside each number, and overrides by tap pattern."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from parity.errors import ParityError

__all__ = [
    "FLAG_METRICS",
    "AppliedLimits",
    "FlagRule",
    "Limits",
    "NoiseRule",
    "default_limits",
    "parse_flag",
    "parse_limit",
]

FLAG_METRICS = (
    "mean_abs",
    "median_abs",
    "p99_abs",
    "max_abs",
    "mean_rel",
    "median_rel",
    "p99_rel",
    "max_rel",
    "rel_l2",
)
"""Metrics that a flag can watch; for each, more is worse."""


@dataclass(frozen=True)
class FlagRule:
    """Taps that match `pattern` are flagged where `metric` is above `threshold`."""

    pattern: str
    metric: str
    threshold: float
    reason: str


@dataclass(frozen=True)
class NoiseRule:
    """Taps that match `pattern` mismatch where R exceeds `median` or, at the worst token, `worst_token`.

    None leaves the limit of an earlier rule in force.
    """

    pattern: str
    median: float | None
    worst_token: float | None
    reason: str


@dataclass(frozen=True)
class AppliedLimits:
    """The limits that one tap was judged by, after overrides."""

    flag_metric: str
    flag_threshold: float
    noise_ratio: float
    worst_token_noise_ratio: float


@dataclass(frozen=True)
class Limits:
    """All limits of a comparison; of several rules that match a tap, the last one holds.

    Attributes:
        flags: rules for the flag.
        noise: rules for the noise ratio R.
        strict: every flag fails the run, the rule of hand-made ports.
    """

    flags: tuple[FlagRule, ...]
    noise: tuple[NoiseRule, ...]
    strict: bool = False

    def for_tap(self, tap: str) -> AppliedLimits:
        """What `tap` is judged by."""
        flag = [rule for rule in self.flags if fnmatchcase(tap, rule.pattern)][-1]
        noise = [rule for rule in self.noise if fnmatchcase(tap, rule.pattern)]
        return AppliedLimits(
            flag.metric,
            flag.threshold,
            [rule.median for rule in noise if rule.median is not None][-1],
            [rule.worst_token for rule in noise if rule.worst_token is not None][-1],
        )

    def with_rules(self, *rules: FlagRule | NoiseRule, strict: bool | None = None) -> Limits:
        """These limits with `rules` added, which win over those before them."""
        return replace(
            self,
            flags=self.flags + tuple(rule for rule in rules if isinstance(rule, FlagRule)),
            noise=self.noise + tuple(rule for rule in rules if isinstance(rule, NoiseRule)),
            strict=self.strict if strict is None else strict,
        )


def default_limits(candidate_dtype: str) -> Limits:
    """The shipped limits for a candidate that computes in `candidate_dtype` (numpy's name)."""
    median, why = (
        (
            3.0,
            "fp32: two correct implementations differ in the order of sums, which is all the noise there is",
        )
        if candidate_dtype in ("float32", "float64")
        else (
            2.0,
            "16 bits: correct kernels stay within 0.96 to 1.2 of the floor, the smallest real fault seen has 2.3",
        )
    )
    worst = "one token: the ratio of two samples of noise spreads more than its median, by up to a factor of 2"
    return Limits(
        flags=(FlagRule("*", "mean_abs", 1e-3, "the rule of hand-made ports: mean error below a thousandth"),),
        noise=(NoiseRule("*", median, None, why), NoiseRule("*", None, 4.0, worst)),
    )


def parse_flag(text: str) -> FlagRule:
    """Read ``mean_abs=1e-3`` or ``PATTERN:mean_abs=1e-3``.

    Raises:
        ParityError: the text has another form, the metric is unknown, the threshold is no positive number.
    """
    pattern, metric, value = _parse_rule(text, option="--flag", names=FLAG_METRICS, example="mean_abs=1e-3")
    return FlagRule(pattern, metric, value, "asked for")


def parse_limit(text: str) -> NoiseRule:
    """Read ``median=2``, ``worst_token=4`` or ``PATTERN:median=2``.

    Raises:
        ParityError: as for `parse_flag`.
    """
    pattern, name, value = _parse_rule(text, option="--limit", names=("median", "worst_token"), example="median=2")
    return NoiseRule(
        pattern,
        value if name == "median" else None,
        value if name == "worst_token" else None,
        "asked for",
    )


def _parse_rule(text: str, *, option: str, names: tuple[str, ...], example: str) -> tuple[str, str, float]:
    pattern, colon, rest = text.rpartition(":")
    name, equals, number = rest.partition("=")
    problem = ""
    if not equals or (colon and not pattern):
        problem = f"expected NAME=NUMBER or PATTERN:NAME=NUMBER, found {text!r}"
    elif name not in names:
        problem = f"unknown name {name!r}; there are {', '.join(names)}"
    else:
        value = _positive(number)
        if value is not None:
            return pattern or "*", name, value
        problem = f"{number!r} is no positive number"
    raise ParityError(f"{option}: {problem}", cure=f"for example {option} {example} or {option} 'layers.0.*:{example}'")


def _positive(number: str) -> float | None:
    try:
        value = float(number)
    except ValueError:
        return None
    return value if value > 0 else None
