"""The network: one operation per file, put together by `decoder_layer` and `network`."""

from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.network import build_network
from qwen_trt_model.graph.ops import NetworkOps, Ops

__all__ = ["GraphBuilder", "NetworkOps", "Ops", "build_network"]
