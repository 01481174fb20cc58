"""Every fault by its id."""

from __future__ import annotations

from collections.abc import Mapping

from parity.errors import ParityError
from qwen_trt_model.faults.attention import ATTENTION_FAULTS
from qwen_trt_model.faults.fault import Fault
from qwen_trt_model.faults.inputs import INPUT_FAULTS
from qwen_trt_model.faults.norms import NORM_FAULTS
from qwen_trt_model.faults.rotary import ROTARY_FAULTS
from qwen_trt_model.faults.weights import WEIGHT_FAULTS

__all__ = ["FAULTS", "fault_ids", "get_fault"]

FAULTS: Mapping[str, Fault] = {
    fault.id: fault for fault in (*WEIGHT_FAULTS, *ROTARY_FAULTS, *ATTENTION_FAULTS, *NORM_FAULTS, *INPUT_FAULTS)
}
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
