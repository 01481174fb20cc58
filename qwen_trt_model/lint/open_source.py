"""Opening a Hugging Face folder for the linter: configuration, and where every tensor lies."""

from __future__ import annotations

from pathlib import Path

from parity.digest import stored_tensors
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.lint.source import SourceModel, SourceRows
from qwen_trt_model.lint.source_keys import read_source_keys
from qwen_trt_model.storage import numpy_dtype
from qwen_trt_model.tensors import check_tensors, checkpoint_tensors

__all__ = ["open_source"]

_HEAD = "lm_head.weight"
_QWEN1_OUTSIDE = {
    "model.embed_tokens.weight": "transformer.wte.weight",
    "model.norm.weight": "transformer.ln_f.weight",
}
_QWEN1_IN_LAYER = {
    "input_layernorm.weight": "ln_1.weight",
    "post_attention_layernorm.weight": "ln_2.weight",
    "self_attn.o_proj.weight": "attn.c_proj.weight",
    "mlp.gate_proj.weight": "mlp.w2.weight",
    "mlp.up_proj.weight": "mlp.w1.weight",
    "mlp.down_proj.weight": "mlp.c_proj.weight",
}
"""Qwen-1's own trap: it computes ``w1(x) * silu(w2(x))``, so that w2 is the gate."""


def open_source(folder: Path) -> SourceModel:
    """Read the configuration and the headers of the weights.

    Raises:
        ParityError: the model is not known, its configuration lacks a size, or its tensors are not those that the
            configuration demands; the checkpoint can't be judged by it then.
    """
    keys = read_source_keys(folder)
    renamed = _qwen1_names(keys.network) if keys.model_type == "qwen" else {}
    source = SourceModel(folder, keys, {tensor.name: tensor for tensor in stored_tensors(folder)}, renamed)
    _require_whole(source)
    return source


def _require_whole(source: SourceModel) -> None:
    expected: dict[str, tuple[int, ...]] = {}
    for part in (part for tensor in checkpoint_tensors(source.network) for part in tensor.parts):
        rows = source.rows(part.name)
        fused = 1 if rows.stop is None else 3
        expected[rows.tensor] = (fused * part.shape[0], *part.shape[1:])
    found = {name: source.tensors[name].shape for name in expected if name in source.tensors}
    check_tensors(found, expected, at=str(source.folder))
    for name in expected:
        numpy_dtype(source.tensors[name])


def _qwen1_names(network: QwenConfig) -> dict[str, SourceRows]:
    """Where the tensors of a Qwen2 lie in a Qwen-1; q, k and v are the thirds of c_attn."""
    places = {ours: SourceRows(theirs) for ours, theirs in _QWEN1_OUTSIDE.items()}
    size = network.query_size
    for layer in range(network.num_hidden_layers):
        ours, theirs = f"model.layers.{layer}.", f"transformer.h.{layer}."
        places |= {ours + name: SourceRows(theirs + other) for name, other in _QWEN1_IN_LAYER.items()}
        for place, part in enumerate(("q_proj", "k_proj", "v_proj")):
            for kind in ("weight", "bias"):
                rows = SourceRows(f"{theirs}attn.c_attn.{kind}", place * size, (place + 1) * size)
                places[f"{ours}self_attn.{part}.{kind}"] = rows
    return places
