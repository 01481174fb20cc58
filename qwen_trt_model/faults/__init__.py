"""Planted defects: what goes wrong in ports, as networks to try a comparison on."""

from qwen_trt_model.faults.build import build_faulty_network, build_planted_network
from qwen_trt_model.faults.equivalents import EQUIVALENTS, Equivalent
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.faults.left_out import LEFT_OUT
from qwen_trt_model.faults.plant import Plant, planted_ops
from qwen_trt_model.faults.registry import FAULTS, fault_ids, get_fault

__all__ = [
    "EQUIVALENTS",
    "FAULTS",
    "LEFT_OUT",
    "Equivalent",
    "Fault",
    "Plant",
    "Size",
    "build_faulty_network",
    "build_planted_network",
    "fault_ids",
    "get_fault",
    "planted_ops",
]
