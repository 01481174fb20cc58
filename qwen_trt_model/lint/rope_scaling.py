"""How rotary frequencies are scaled, in one form for both sides' keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["RopeScaling", "parse_rope_scaling"]

_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "linear": ("factor",),
    "dynamic": ("factor", "original_max_position_embeddings"),
    "yarn": (
        "factor",
        "original_max_position_embeddings",
        "beta_fast",
        "beta_slow",
        "attention_factor",
        "mscale",
        "mscale_all_dim",
    ),
    "llama3": ("factor", "original_max_position_embeddings", "low_freq_factor", "high_freq_factor"),
    "longrope": ("factor", "original_max_position_embeddings", "short_factor", "long_factor"),
}
"""The parameters of each kind that change numbers."""

_DEFAULTS: Mapping[str, float] = {"beta_fast": 32.0, "beta_slow": 1.0}
"""What transformers and TensorRT-LLM both take where a parameter is missing."""


@dataclass(frozen=True)
class RopeScaling:
    """One kind of scaling.

    Attributes:
        kind: ``linear``, ``dynamic``, ``yarn``, ``llama3``, ``longrope`` or what else a configuration says.
        parameters: those that were given or have a common default, as text.
    """

    kind: str
    parameters: Mapping[str, str]

    def __str__(self) -> str:
        listed = ", ".join(f"{name} {value}" for name, value in self.parameters.items())
        return f"{self.kind} ({listed})" if listed else self.kind


def parse_rope_scaling(plain: Any) -> RopeScaling | None:
    """Read ``rope_scaling``, ``rope_parameters`` or ``rotary_scaling``; None where nothing is scaled."""
    if not isinstance(plain, Mapping):
        return None
    kind = str(plain.get("rope_type") or plain.get("type") or "default")
    if kind in ("default", "none"):
        return None
    known = _PARAMETERS.get(kind, tuple(sorted(set(plain) - {"rope_type", "type", "rope_theta"})))
    values = {name: plain.get(name, _DEFAULTS.get(name) if kind == "yarn" else None) for name in known}
    return RopeScaling(kind, {name: _text(value) for name, value in values.items() if value is not None})


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
