"""Every fault by its id."""

from __future__ import annotations

from collections.abc import Mapping

from parity.errors import ParityError
from qwen_trt_model.faults.activation import ACTIVATION_FAULTS
from qwen_trt_model.faults.attention import ATTENTION_FAULTS
from qwen_trt_model.faults.attention_precision import ATTENTION_PRECISION_FAULTS
from qwen_trt_model.faults.captures import CAPTURE_FAULTS
from qwen_trt_model.faults.fault import Fault
from qwen_trt_model.faults.heads import HEAD_FAULTS
from qwen_trt_model.faults.inputs import INPUT_FAULTS
from qwen_trt_model.faults.masks import MASK_FAULTS
from qwen_trt_model.faults.norms import NORM_FAULTS
from qwen_trt_model.faults.positions import POSITION_FAULTS
from qwen_trt_model.faults.precision import PRECISION_FAULTS
from qwen_trt_model.faults.quantisation import QUANTISATION_FAULTS
from qwen_trt_model.faults.rotary import ROTARY_FAULTS
from qwen_trt_model.faults.rotary_precision import ROTARY_PRECISION_FAULTS
from qwen_trt_model.faults.rotary_scaling import SCALING_FAULTS
from qwen_trt_model.faults.unreported_attention import UNREPORTED_ATTENTION_FAULTS
from qwen_trt_model.faults.unreported_norms import UNREPORTED_NORM_FAULTS
from qwen_trt_model.faults.unreported_products import UNREPORTED_PRODUCT_FAULTS
from qwen_trt_model.faults.weights import WEIGHT_FAULTS
from qwen_trt_model.faults.wiring import WIRING_FAULTS

__all__ = ["FAULTS", "fault_ids", "get_fault"]

_ALL = (
    *(HEAD_FAULTS + WEIGHT_FAULTS + WIRING_FAULTS),
    *(ROTARY_FAULTS + POSITION_FAULTS + SCALING_FAULTS + ROTARY_PRECISION_FAULTS),
    *(ATTENTION_FAULTS + MASK_FAULTS + ATTENTION_PRECISION_FAULTS),
    *(NORM_FAULTS + ACTIVATION_FAULTS + PRECISION_FAULTS),
    *QUANTISATION_FAULTS,
    *(UNREPORTED_ATTENTION_FAULTS + UNREPORTED_NORM_FAULTS + UNREPORTED_PRODUCT_FAULTS),
    *(INPUT_FAULTS + CAPTURE_FAULTS),
)

FAULTS: Mapping[str, Fault] = {fault.id: fault for fault in sorted(_ALL, key=lambda fault: fault.id)}
"""Faults by id, group by group."""


def fault_ids() -> tuple[str, ...]:
    """The ids of all faults."""
    return tuple(FAULTS)


def get_fault(fault_id: str) -> Fault:
    """The fault of that id.

    Raises:
        ParityError: there is none.
    """
    if fault_id not in FAULTS:
        known = ", ".join(f"{fault.id} ({fault.title})" for fault in FAULTS.values())
        raise ParityError(f"unknown fault {fault_id!r}", cure=f"there are {known}")
    return FAULTS[fault_id]
