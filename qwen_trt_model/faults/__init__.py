"""Planted defects: what goes wrong in ports, as networks to try a comparison on."""

from qwen_trt_model.faults.build import build_faulty_network
from qwen_trt_model.faults.fault import Fault
from qwen_trt_model.faults.registry import FAULTS, fault_ids, get_fault

__all__ = ["FAULTS", "Fault", "build_faulty_network", "fault_ids", "get_fault"]
