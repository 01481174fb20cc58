"""AWQ and GPTQ: the keys that go with them, and scales of a size that the groups can have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.quantised.layers import QuantisedLayer, quantised_layers
from qwen_trt_model.lint.quantised.smoothing import folded_into_norm
from qwen_trt_model.lint.rule import Rule

__all__ = ["GROUP_SCALES"]

_KEYS = {
    "W4A16_AWQ": {"pre_quant_scale": True, "has_zero_point": False},
    "W4A8_AWQ": {"pre_quant_scale": True, "has_zero_point": False},
    "W4A16_GPTQ": {"pre_quant_scale": False, "has_zero_point": True},
}
_SMALLEST, _LARGEST = 1 / 32, 1 / 4
"""Scale of a group ÷ its largest weight: 1/8 or 1/7 where nothing is clipped, less where a search clips, 2/15 with a
zero point; beyond these it is the scale of something else."""

Floats = npt.NDArray[np.float64]


def _find(case: LintCase) -> Iterator[LintFinding]:
    quantization = case.files.section("quantization")
    for key, value in _KEYS.get(str(quantization.get("quant_algo")), {}).items():
        if bool(quantization.get(key)) is not value:
            subject, cure = f"config.json: quantization.{key}", f'set "{key}": {str(value).lower()}'
            found = str(bool(quantization.get(key))).lower()
            yield LintFinding("quantisation_key", "error", subject, str(value).lower(), found, cure)
    for layer in quantised_layers(case):
        if layer.form.grouped:
            yield from _check(layer)


def _check(layer: QuantisedLayer) -> Iterator[LintFinding]:
    scales = layer.values("weights_scaling_factor")
    if scales is None or scales.ndim != 2 or layer.outputs not in scales.shape or folded_into_norm(layer):
        return
    by_group = scales if scales.shape[1] == layer.outputs else scales.T  # [group, out]
    if layer.inputs % by_group.shape[0]:
        return
    largest = _largest_by_group(layer, by_group.shape[0])
    ratio = float(np.median(by_group[largest > 0] / largest[largest > 0]))
    if not _SMALLEST <= ratio <= _LARGEST:
        subject = layer.subject("weights_scaling_factor")
        expected = "about an eighth of each group's largest weight"
        found, cure = f"{ratio:.3g} of it in the median", "quantise the layer again: these scales are of another tensor"
        yield LintFinding("scale_wrong", "error", subject, expected, found, cure)


def _largest_by_group(layer: QuantisedLayer, groups: int) -> Floats:
    """The largest weight of each group and output, ``[group, out]``, after the scale in front is divided out."""
    before = layer.values("prequant_scaling_factor")
    factor = np.ones(layer.inputs) if before is None or before.size != layer.inputs else 1 / before.reshape(-1)
    parts = []
    for _, block in layer.converted().blocks():
        scaled = np.abs(block.astype(np.float64) * factor).reshape(len(block), groups, -1)
        parts.append(scaled.max(axis=2))
    largest: Floats = np.concatenate(parts).T.astype(np.float64)
    return largest


GROUP_SCALES = Rule("group_scales", _find)
