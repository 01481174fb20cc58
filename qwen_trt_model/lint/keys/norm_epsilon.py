"""The epsilon of every norm."""

from __future__ import annotations

from qwen_trt_model.lint.keys.key import Key

__all__ = ["NORM_EPSILON"]

NORM_EPSILON = Key(
    "norm_epsilon",
    lambda case: case.source.network.norm_epsilon,
    lambda config: 1e-5,
    "Qwen has 1e-6; tokens of small norm, above all in the first layer, come out too small",
)
