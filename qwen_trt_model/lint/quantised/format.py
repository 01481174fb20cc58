"""How each of TensorRT-LLM's algorithms stores a linear layer: codes, and the scales beside them.

Layouts are those of releases up to 1.2, in `tensorrt_llm/quantization/layers.py` and `models/modeling_utils.py`. A
checkpoint may hold weights that are only quantised when the engine is built; those are compared as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from qwen_trt_model.lint.case import StoredPair
from qwen_trt_model.lint.checkpoint_files import CheckpointFiles
from qwen_trt_model.lint.expected import ExpectedTensor
from qwen_trt_model.lint.stored import FLOATS

__all__ = [
    "FORMATS",
    "Format",
    "Scale",
    "applies",
    "format_of",
    "is_scale_name",
    "linear_module",
    "quantised_weight",
]

Shape = tuple[int, ...]
_LINEAR = ("attention.qkv.weight", "attention.dense.weight", "mlp.fc.weight", "mlp.gate.weight", "mlp.proj.weight")
_ROW_LINEAR = ("attention.dense.weight", "mlp.proj.weight")


@dataclass(frozen=True)
class Scale:
    """A tensor beside the codes of a linear layer.

    Attributes:
        name: behind the module's: ``per_channel_scale``.
        shapes: what it may be, with ``out``, ``in`` and ``groups`` for lengths.
        dtypes: numpy's names; ``model`` for the dtype of config.json.
        behind_cut_input: whether only layers whose input is cut (``dense``, ``proj``) have it.
    """

    name: str
    shapes: tuple[tuple[str | int, ...], ...]
    dtypes: tuple[str, ...]
    behind_cut_input: bool = False


@dataclass(frozen=True)
class Format:
    """One algorithm.

    Attributes:
        codes: safetensors' dtypes of the codes.
        scales: what stands beside them.
        grouped: whether scales are by group of inputs.
        smoothed: whether a factor for each input may be folded into the norm in front.
        readable: whether codes are compared with the model, and not names, shapes and scales alone.
    """

    codes: tuple[str, ...]
    scales: tuple[Scale, ...]
    grouped: bool = False
    smoothed: bool = False
    readable: bool = False


_PER_CHANNEL = Scale("per_channel_scale", (("out",),), ("model",))
_GROUPS = Scale("weights_scaling_factor", (("groups", "out"), ("out", "groups")), ("model", "float16", "float32"))
_PREQUANT = Scale("prequant_scaling_factor", (("in",), (1, "in")), ("model", "float16", "float32"))
_ZERO = Scale("zero", (("groups", "out"),), ("model", "float16"))
_ONE = ((), (1,))
_FP8 = (
    Scale("weights_scaling_factor", _ONE, ("float32",)),
    Scale("activation_scaling_factor", _ONE, ("float32",)),
)
_FP8_ROWWISE = (Scale("per_channel_scale", (("out",), ("out", 1)), ("float32",)),)
_SMOOTHER = Scale("smoother", ((1, "in"),), ("float32",), behind_cut_input=True)


def _smooth(per_channel: bool, static: bool) -> Format:
    shape = (1, "out") if per_channel else (1, 1)
    whole = ((1, "out"), (1, 1)) if not per_channel else (shape,)
    scales = [Scale("per_channel_scale", whole, ("float32",)), _SMOOTHER]
    scales += [Scale("act_scale", ((1, 1),), ("float32",))] if static else []
    return Format(("I8",), tuple(scales), smoothed=True)


FORMATS: Mapping[str, Format] = {
    "W8A16": Format(("I8",), (_PER_CHANNEL,), readable=True),
    "W4A16": Format(("I8",), (_PER_CHANNEL,), readable=True),
    "W4A16_AWQ": Format(("I8", "F16", "BF16"), (_GROUPS, _PREQUANT), grouped=True, smoothed=True),
    "W4A8_AWQ": Format(("I8", "F16", "BF16"), (_GROUPS, _PREQUANT), grouped=True, smoothed=True),
    "W4A16_GPTQ": Format(("I8", "F16", "BF16"), (_GROUPS, _ZERO), grouped=True),
    "FP8": Format(("F8_E4M3", "I8"), _FP8, readable=True),
    "FP8_PER_CHANNEL_PER_TOKEN": Format(("F8_E4M3", "I8"), _FP8_ROWWISE),
    "W8A8_SQ_PER_CHANNEL": Format(
        ("I8",),
        (
            Scale("weights_scaling_factor", (("out",),), ("float32",)),
            Scale("activation_scaling_factor", _ONE, ("float32",)),
            Scale("prequant_scaling_factor", (("in",),), ("model", "float32")),
        ),
        smoothed=True,
    ),
    "W8A8_SQ_PER_TENSOR_PLUGIN": _smooth(per_channel=False, static=True),
    "W8A8_SQ_PER_CHANNEL_PER_TOKEN_PLUGIN": _smooth(per_channel=True, static=False),
    "W8A8_SQ_PER_CHANNEL_PER_TENSOR_PLUGIN": _smooth(per_channel=True, static=True),
    "W8A8_SQ_PER_TENSOR_PER_TOKEN_PLUGIN": _smooth(per_channel=False, static=False),
}
"""Every algorithm whose layout is known here."""

_OTHER_SCALES = {
    "alpha",
    "weights_scaling_factor_2",
    "weights_block_scaling_factor",
    "weights_block_scaling_factor_interleaved",
    "weights_global_scaling_factor",
    "activation_global_scaling_factor",
    "scale_to_int",
    "quantization_scaling_factor",
    "kv_cache_scaling_factor",
    "kv_cache_rcp_scaling_factor",
    "k_cache_scaling_factor",
    "v_cache_scaling_factor",
    "kv_orig_quant_scale",
    "kv_quant_orig_scale",
}
_SCALE_NAMES = _OTHER_SCALES | {scale.name for form in FORMATS.values() for scale in form.scales}


def format_of(files: CheckpointFiles) -> Format | None:
    """The layout of the weights; None where they are not quantised, or in a way that is not known here."""
    return FORMATS.get(str(files.section("quantization").get("quant_algo")))


def is_scale_name(name: str, files: CheckpointFiles) -> bool:
    """Whether a tensor is a scale, in a checkpoint that has scales."""
    quantization = files.section("quantization")
    quantised = quantization.get("quant_algo") or quantization.get("kv_cache_quant_algo")
    return bool(quantised) and name.rsplit(".", 1)[-1] in _SCALE_NAMES


def linear_module(files: CheckpointFiles, expected: ExpectedTensor) -> str:
    """The module of a weight that the checkpoint's algorithm quantises; empty for all other tensors."""
    if not files.section("quantization").get("quant_algo") or expected.kind not in _LINEAR:
        return ""
    module = expected.name.removesuffix(".weight")
    excluded = files.section("quantization").get("exclude_modules") or ()
    return "" if any(fnmatchcase(module, str(pattern)) for pattern in excluded) else module


def quantised_weight(files: CheckpointFiles, pair: StoredPair) -> bool:
    """Whether a stored weight holds codes: of another dtype than numbers, or packed into them."""
    module, form = linear_module(files, pair.expected), format_of(files)
    if not module:
        return False
    packed = pair.stored.dtype in FLOATS and pair.stored.shape != pair.expected.shape
    return pair.stored.dtype not in FLOATS or (packed and form is not None and form.grouped)


def applies(scale: Scale, expected: ExpectedTensor) -> bool:
    """Whether that layer has that scale."""
    return not scale.behind_cut_input or expected.kind in _ROW_LINEAR
