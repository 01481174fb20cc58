"""Planting a fault at a tap of the NumPy decoder and asking for its cause."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
from numpy_decoder import QWEN2, QWEN3, Fault, graph_of, make_case, make_reference

from parity.diagnose import HYPOTHESES, Cause, SourceCase, explain
from parity.replay import Reference, replay
from parity.replay.arrays import Floats, widened
from parity.replay.ops import linear

__all__ = [
    "DTYPES",
    "altered",
    "cause_of",
    "changed_output",
    "number_in",
    "other_parameters",
    "put_out",
    "qwen2",
    "qwen3",
    "weight_and_bias",
]

DTYPES = ("float32", "float16", "bfloat16")


@cache
def qwen2() -> Reference:
    return make_reference(QWEN2)


@cache
def qwen3() -> Reference:
    return make_reference(QWEN3)


def cause_of(
    tap: str,
    fault: Fault,
    *,
    dtype: str = "float32",
    reference: Reference | None = None,
    everywhere: Mapping[str, Fault] | None = None,
) -> Cause:
    """The best cause for `fault` at `tap`, which must leave nothing but noise."""
    causes = explain(make_case(reference or qwen2(), tap, fault, dtype=dtype, everywhere=everywhere), HYPOTHESES)
    assert causes, f"nothing explains the fault at {tap}"
    assert causes[0].noise_ratio is not None
    assert causes[0].noise_ratio < 2, causes
    return causes[0]


def number_in(pattern: str, sentence: str) -> float:
    """The number at the group of `pattern` in a cause's sentence."""
    found = re.search(pattern, sentence)
    assert found, f"{pattern!r} is not in {sentence!r}"
    return float(found[1])


def weight_and_bias(reference: Reference, tap: str) -> tuple[Floats, Floats]:
    """Stored weights and bias (zero where there is none) of a linear tap, in float64."""
    parameters = reference.weights.parameters(tap)
    assert parameters.weight is not None
    weight = widened(parameters.weight)
    return weight, np.zeros(len(weight)) if parameters.bias is None else widened(parameters.bias)


def altered(tap: str, change: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> Fault:
    """A linear map whose weights and bias went through `change`."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return linear(inputs[0], *change(*weight_and_bias(reference, tap)))

    return fault


def changed_output(tap: str, change: Callable[[Floats], Floats]) -> Fault:
    """The right operation, whose output went through `change`."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return change(replay(reference, graph_of(reference)[tap], inputs))

    return fault


def other_parameters(tap: str, other: str) -> Fault:
    """A linear map with the parameters of another."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return linear(inputs[0], *weight_and_bias(reference, other))

    return fault


def put_out(
    tap: str, change: Callable[[Floats], Floats], *, dtype: str = "float32", reference: Reference | None = None
) -> SourceCase:
    """The case of a right operation whose stored output went through `change`, with no noise after it."""
    used = reference or qwen2()
    case = make_case(used, tap, changed_output(tap, lambda y: y), dtype=dtype)
    stored = change(case.output).astype(case.dtype.numpy)
    return replace(case, output=widened(stored), candidate={**case.candidate, tap: stored})
