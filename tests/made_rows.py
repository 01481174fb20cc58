"""Hand-made rows for tests of words: every number in a message is one that stands here."""

from __future__ import annotations

from dataclasses import replace

from parity.comparison import (
    ArrayInfo,
    Comparison,
    ErrorMetrics,
    Histogram,
    NoiseMetrics,
    NonFinite,
    Prompt,
    Side,
    TapResult,
    TokenError,
    WorstElement,
)
from parity.diagnosis import Cause, Diagnosis, LocalError, LogitCost, TapCost
from parity.limits import default_limits
from parity.observer_effect import (
    JudgedLogits,
    LayerDifferences,
    LogitsDistance,
    ObservedPhase,
    ObserverEffect,
    ObserverRule,
)

__all__ = ["absent", "cost", "diagnosed", "make", "observed", "row", "unmeasured"]

_LIMITS = default_limits("float16")
_AXES = ("batch", "token", "channel")


def row(tap: str, *inputs: str, status: str = "match", ratio: float = 1.0, worst: float | None = None) -> TapResult:
    """A compared row whose R is `ratio`; its numbers are told apart at a glance, not derived from one another."""
    return TapResult(
        phase="prefill",
        tap=tap,
        layer=int(tap.split(".")[1]) if tap.startswith("layers.") else None,
        op="linear",
        inputs=inputs,
        status=status,
        reason=f"the reason of {tap}.",
        flagged=status in ("rounding", "mismatch"),
        limits=_LIMITS.for_tap(tap),
        reference=ArrayInfo("float32", (2, 20, 512)),
        candidate=ArrayInfo("float16", (2, 20, 512)),
        elements=20000,
        non_finite=NonFinite(0, 0),
        errors=ErrorMetrics(0.0123, 0.0101, 0.05, 0.25, 0.1, 0.2, 0.3, 0.4, 0.034, 0.999, 1.01, 29.4),
        noise=NoiseMetrics(ratio, worst or 1.5 * ratio, 0.001, "measured"),
        worst=WorstElement((1, 12, 77), _AXES, 1.25, 1.5),
        histogram=Histogram((-4.0, -3.0, -2.0, 1.0), (11000, 3000, 5000), (), 1000, 0),
        worst_tokens=(TokenError(1, 12, " the", 0.09, 1.5 * ratio),),
    )


def absent(tap: str, *inputs: str, status: str) -> TapResult:
    """A row whose values were not compared."""
    return replace(
        row(tap, *inputs, status=status),
        flagged=False,
        candidate=None if status in ("missing", "not observable") else ArrayInfo("float16", (2, 20, 256)),
        reference=None if status == "extra" else ArrayInfo("float32", (2, 20, 512)),
        elements=0,
        non_finite=None,
        errors=None,
        noise=None,
        worst=None,
        histogram=None,
        worst_tokens=(),
    )


def unmeasured(compared: TapResult) -> TapResult:
    """`compared` as it is without a noise floor."""
    return replace(compared, noise=None)


def diagnosed(
    compared: TapResult, role: str, *causes: Cause, kl: float | None = None, signature: str = ""
) -> TapResult:
    """`compared` with a diagnosis; a source's operation is 30 times off, alone it costs a mean KL of `kl`."""
    local = LocalError(0.02, 30.0 if role == "source" else 0.9, 45.0, 0.001, 1.0, 1.5, 1.2, 1.1)
    price = None if kl is None else TapCost(cost(kl), cost(kl))
    return replace(compared, diagnosis=Diagnosis(local, role, f"why it is a {role}", causes, signature, price))


def cost(kl: float = 0.01, *, flipped: int = 4, decided: int = 16, clear: int = 2, margin: float = 1.5) -> LogitCost:
    """The logits of 20 positions: `clear` of the `decided` choices change, and `flipped` of all."""
    return LogitCost(20, kl, 10 * kl, 1 - flipped / 20, decided, 1 - clear / decided, flipped, 0.95, 0.1, margin)


def observed(grade: str) -> ObserverEffect:
    """What 93 taps did to an engine, with layers that differ and a rebuild; the numbers are told apart at a glance."""
    within = JudgedLogits("match", False, NoiseMetrics(1.11, 1.7, 0.001, "measured"))
    beyond = JudgedLogits("mismatch", True, NoiseMetrics(6.2, 9.8, 0.001, "measured"))
    apart = LogitsDistance(False, 0.002, NoiseMetrics(2.34, 3.9, 0.001, "measured"), None, cost())
    rebuilt = LogitsDistance(False, 0.001, NoiseMetrics(0.77, 1.3, 0.001, "measured"), None, cost())
    bare = beyond if grade == "hides the bug" else within
    phase = ObservedPhase("prefill", within, bare, apart, within, rebuilt, grade, f"the reason of {grade}")
    layers = LayerDifferences(210, 12, 41, 5, ("rotary/Mul puts out FP32 with taps, FP16 without",))
    rules = (ObserverRule("noise", 1.2, "why"),)
    cure = "" if grade == "faithful" else "spread the taps: --probe-sets"
    sentence = f"What {grade} means."
    dumps = ("candidate-unprobed", "candidate-rebuilt", "tactics 1 instead of 0")
    return ObserverEffect(grade, sentence, cure, (phase,), rules, layers, 93, 1, *dumps)


def make(*rows: TapResult, strict: bool = False) -> Comparison:
    """A comparison of these rows."""
    return Comparison(
        schema_version=1,
        parity_version="0",
        reference=Side("reference", "transformers", "tiny", "float32", "aa"),
        candidate=Side("candidate", "onnxruntime", "tiny", "float16", "aa"),
        floor=None,
        limits=_LIMITS.with_rules(strict=strict),
        prompts=(Prompt(4, "a"), Prompt(16, "b")),
        rows=rows,
    )
