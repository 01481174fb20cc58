"""Planting a fault at a tap of the NumPy decoder and asking for its cause."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
from numpy_decoder import QWEN2, QWEN3, Fault, RandomWeights, graph_of, make_case, make_reference

from parity.diagnose import HYPOTHESES, Cause, SourceCase, explain
from parity.replay import Parameters, Reference, replay
from parity.replay.arrays import Floats, widened
from parity.replay.ops import linear
from parity.tokens import TokenBatch

__all__ = [
    "DTYPES",
    "Change",
    "altered",
    "best_cause",
    "cause_of",
    "changed_output",
    "mean_square",
    "norm_weight",
    "number_in",
    "put_out",
    "qwen2",
    "qwen3",
    "weight_and_bias",
    "with_massive_activations",
    "with_outliers",
]

DTYPES = ("float32", "float16", "bfloat16")

Change = Callable[[Floats], Floats]


@cache
def qwen2() -> Reference:
    return make_reference(QWEN2)


@cache
def qwen3() -> Reference:
    return make_reference(QWEN3)


@cache
def with_massive_activations() -> Reference:
    """Qwen2 `with_outliers`."""
    return with_outliers(qwen2())


def with_outliers(plain: Reference) -> Reference:
    """`plain` with a first token and a few channels far larger than the others, as in trained models."""
    assert isinstance(plain.weights, RandomWeights)
    tensors = dict(plain.weights.tensors)
    embed = weight_and_bias(plain, "embed")[0]
    embed[:, [3, 40]] *= 40
    embed[5] *= 40
    tensors["embed"] = Parameters(embed.astype(np.float32))
    for layer in (0, 1):
        name = f"layers.{layer}.mlp_out"
        down = weight_and_bias(plain, name)[0]
        down[3] *= 30
        tensors[name] = Parameters(down.astype(np.float32))
    ids = plain.tokens.ids.copy()
    ids[:, 0] = 5
    tokens = TokenBatch(ids, plain.tokens.mask, plain.tokens.positions)
    return Reference(RandomWeights(plain.weights.settings, tensors), tokens)


def cause_of(
    tap: str,
    fault: Fault,
    *,
    dtype: str = "float32",
    reference: Reference | None = None,
    everywhere: Mapping[str, Fault] | None = None,
) -> Cause:
    """The best cause for `fault` at `tap`, which must leave nothing but noise."""
    return best_cause(make_case(reference or qwen2(), tap, fault, dtype=dtype, everywhere=everywhere))


def best_cause(case: SourceCase) -> Cause:
    """The best of all causes, which must leave nothing but noise."""
    causes = explain(case, HYPOTHESES)
    assert causes, f"nothing explains the fault at {case.tap.name}"
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


def norm_weight(reference: Reference, tap: str) -> Floats:
    """The stored weight of a norm, in float64."""
    weight = reference.weights.parameters(tap).weight
    assert weight is not None
    return widened(weight)


def mean_square(x: Floats) -> Floats:
    """Over the last axis, which stays."""
    mean: Floats = (x * x).mean(axis=-1, keepdims=True)
    return mean


def altered(tap: str, change: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> Fault:
    """A linear map whose weights and bias went through `change`."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return linear(inputs[0], *change(*weight_and_bias(reference, tap)))

    return fault


def changed_output(tap: str, change: Change) -> Fault:
    """The right operation, whose output went through `change` before it was rounded."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return change(replay(reference, graph_of(reference)[tap], inputs))

    return fault


def put_out(tap: str, change: Change, *, dtype: str = "float32", reference: Reference | None = None) -> SourceCase:
    """The case of a right operation whose stored output went through `change`, with no rounding after it."""
    case = make_case(reference or qwen2(), tap, changed_output(tap, lambda y: y), dtype=dtype)
    stored = change(case.output).astype(case.dtype.numpy)
    return replace(case, output=widened(stored), candidate={**case.candidate, tap: stored})
