"""Qwen as an engine network: configuration, checkpoint, graph, and the bundled model."""

from qwen_trt_model.bundle import bundled_model, bundled_prompts
from qwen_trt_model.checkpoint import Checkpoint, read_checkpoint
from qwen_trt_model.configuration import ParallelMapping, Quantization, QwenConfig
from qwen_trt_model.convert import convert
from qwen_trt_model.graph import NetworkOps, Ops, build_network
from qwen_trt_model.huggingface_config import read_huggingface_config
from qwen_trt_model.preflight import PreflightReport, preflight, require_faithful

__all__ = [
    "Checkpoint",
    "NetworkOps",
    "Ops",
    "ParallelMapping",
    "PreflightReport",
    "Quantization",
    "QwenConfig",
    "build_network",
    "bundled_model",
    "bundled_prompts",
    "convert",
    "preflight",
    "read_checkpoint",
    "read_huggingface_config",
    "require_faithful",
]
