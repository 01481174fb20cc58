"""Scales: there, of the right shape and dtype, positive and finite."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from parity.formatting import format_shape
from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.quantised.format import Scale, applies
from qwen_trt_model.lint.quantised.layers import QuantisedLayer, quantised_layers
from qwen_trt_model.lint.quantised.smoothing import folded_into_norm
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import map_stored, stored_dtype

__all__ = ["SCALE_TENSORS"]

_CURE = "convert again: this layer can't be multiplied without its scale"
_SIGNED = {"zero"}
_FOLDED = "prequant_scaling_factor"


def _find(case: LintCase) -> Iterator[LintFinding]:
    for layer in quantised_layers(case):
        for scale in layer.form.scales:
            if applies(scale, layer.pair.expected):
                yield from _check(layer, scale)


def _check(layer: QuantisedLayer, scale: Scale) -> Iterator[LintFinding]:
    subject, tensor = layer.subject(scale.name), layer.stored(scale.name)
    shapes = [_shape(layer, shape) for shape in scale.shapes]
    wanted = " or ".join(dict.fromkeys(format_shape(shape) for shape in shapes))
    if tensor is None:
        if not (scale.name == _FOLDED and folded_into_norm(layer)):
            yield LintFinding("scale_missing", "error", subject, wanted, "nothing", _CURE)
        return
    if not any(_fits(tensor.shape, shape) for shape in shapes):
        found = format_shape(tensor.shape)
        yield LintFinding("scale_shape", "error", subject, wanted, f"{found}{_axis(layer, tensor.shape)}", _CURE)
        return
    said = str(layer.case.files.config.get("dtype"))
    dtypes = [said if dtype == "model" else dtype for dtype in scale.dtypes]
    if (dtype := str(stored_dtype(tensor))) not in dtypes:
        cure = f"store it in {dtypes[0]}"
        yield LintFinding("scale_dtype", "error", subject, " or ".join(dict.fromkeys(dtypes)), dtype, cure)
    values = map_stored(tensor).astype(np.float64)
    bad = ~np.isfinite(values) | ((values < 0) & (scale.name not in _SIGNED))
    bad |= (values == 0) & (values.size == 1)  # a row of zeros may have the scale zero, a whole tensor may not
    if bad.any():
        found = f"{int(bad.sum())} of {bad.size} that are zero, negative or not finite"
        yield LintFinding("scale_value", "error", subject, "positive numbers", found, _CURE)


def _shape(layer: QuantisedLayer, shape: tuple[str | int, ...]) -> tuple[int, ...]:
    size = layer.case.files.section("quantization").get("group_size", 128)
    group = size if isinstance(size, int) and size > 0 else layer.inputs
    lengths = {"out": layer.outputs, "in": layer.inputs, "groups": -(-layer.inputs // group)}
    return tuple(length if isinstance(length, int) else lengths[length] for length in shape)


def _fits(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Equal, but for padding of channels to a multiple of 64, which TensorRT-LLM gives layers of odd sizes."""
    if len(found) != len(wanted):
        return False
    return all(a == b or (b > 1 and b < a < b + 128 and a % 64 == 0) for a, b in zip(found, wanted, strict=True))


def _axis(layer: QuantisedLayer, shape: tuple[int, ...]) -> str:
    """Say where a length is that of the other axis."""
    if shape == (layer.inputs,) and layer.inputs != layer.outputs:
        return ": one for each input, where each output has one"
    if len(shape) == 2 and layer.outputs in shape and layer.form.grouped:
        groups = shape[1] if shape[0] == layer.outputs else shape[0]
        if groups and layer.inputs % groups == 0:
            return f": groups of {layer.inputs // groups}"
    return ""


SCALE_TENSORS = Rule("scale_tensors", _find)
