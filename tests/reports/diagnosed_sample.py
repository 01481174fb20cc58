"""The made-up comparison of `sample_comparison` with a diagnosis: sound before the fault, a source, and its heirs."""

from __future__ import annotations

from dataclasses import replace

from sample_comparison import make_comparison

from parity.comparison import Comparison, TapResult
from parity.diagnosis import Cause, Diagnosis, LocalError, LogitCost, TapCost

__all__ = ["make_diagnosed"]

_GELU = Cause("activation_other", "the activation is GELU instead of SiLU", 0.99998, 0.9, 1.2, 0)
_SLOPE = Cause("activation_slope", "the activation is x · sigmoid(1.7 x)", 0.995, 34.0, 57.0, 1)
_COST = LogitCost(480, 0.01, 0.1, 0.9, 400, 0.95, 48, 0.9, 0.1, 2.0)


def make_diagnosed(*, fault_layer: int | None = 3, fault_kind: str = "act", also: tuple[str, ...] = ()) -> Comparison:
    """Six layers; the fault at `fault_kind` of `fault_layer` is a source, and so are the taps in `also`.

    Causes of the taps in `also` differ by their hypothesis, so that each is an error of its own.
    """
    comparison = make_comparison(fault_layer=fault_layer, fault_kind=fault_kind)
    sources = (f"layers.{fault_layer}.{fault_kind}", *also)
    rows = tuple(_diagnosed(row, sources) for row in comparison.rows)
    return replace(comparison, rows=rows, logits=_COST)


def _diagnosed(row: TapResult, sources: tuple[str, ...]) -> TapResult:
    if row.tap not in sources:
        role = "carrier" if row.status == "mismatch" else "clean"
        return replace(row, diagnosis=Diagnosis(_local(0.9), role, f"it is a {role}"))
    place = sources.index(row.tap)
    causes = (
        (_GELU, _SLOPE) if place == 0 else (replace(_GELU, hypothesis=f"other_{place}", sentence=f"cause {place}"),)
    )
    cost = replace(_COST, mean_kl=_COST.mean_kl / (1 + place))
    diagnosis = Diagnosis(_local(40.0), "source", "its own operation is off", causes, cost=TapCost(cost, cost))
    return replace(row, status="mismatch", diagnosis=diagnosis)


def _local(ratio: float) -> LocalError:
    return LocalError(1e-3 * ratio, ratio, 1.5 * ratio, 1e-3, 1.0, 1.5, 1.1, 1.0)
