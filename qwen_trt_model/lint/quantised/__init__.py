"""Rules about quantised checkpoints, as far as numbers at rest can tell."""

from qwen_trt_model.lint.quantised.algorithm import ALGORITHM
from qwen_trt_model.lint.quantised.fp8_scales import FP8_SCALES
from qwen_trt_model.lint.quantised.group_scales import GROUP_SCALES
from qwen_trt_model.lint.quantised.kv_cache_scales import KV_CACHE_SCALES
from qwen_trt_model.lint.quantised.scale_tensors import SCALE_TENSORS
from qwen_trt_model.lint.quantised.weight_only_codes import WEIGHT_ONLY_CODES
from qwen_trt_model.lint.quantised.weight_only_scales import WEIGHT_ONLY_SCALES
from qwen_trt_model.lint.rule import Rule

__all__ = ["QUANTISED_RULES"]

QUANTISED_RULES: tuple[Rule, ...] = (
    ALGORITHM,
    SCALE_TENSORS,
    WEIGHT_ONLY_SCALES,
    WEIGHT_ONLY_CODES,
    GROUP_SCALES,
    FP8_SCALES,
    KV_CACHE_SCALES,
)
"""Every rule about quantisation; those of algorithms that the checkpoint does not use find nothing."""
