"""Hugging Face weights that no tensor of the checkpoint is made of: biases that a port leaves out, an untied head."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import FLOATS, map_stored
from qwen_trt_model.tensors import checkpoint_tensors

__all__ = ["UNUSED_SOURCE"]

_BUFFERS = ("rotary_emb.inv_freq", "attn.masked_bias", "attn.bias", "logn_tensor")
"""Tensors that transformers computes, and some folders store all the same."""
_HEAD, _EMBEDDING = "lm_head.weight", "model.embed_tokens.weight"


def _find(case: LintCase) -> Iterator[LintFinding]:
    source = case.source
    parts = (part for tensor in checkpoint_tensors(source.network) for part in tensor.parts)
    used = {source.rows(part.name).tensor for part in parts}
    for name in sorted(set(source.tensors) - used):
        if name.endswith(_BUFFERS):
            continue
        if name == _HEAD and source.network.tie_word_embeddings:
            yield from _tied_head(case)
            continue
        yield LintFinding(
            "unused_source",
            "error",
            f"Hugging Face: {name}",
            "a place in the checkpoint",
            "none: TensorRT-LLM's Qwen has no such tensor",
            "nothing but another network can hold it",
        )


def _tied_head(case: LintCase) -> Iterator[LintFinding]:
    """A head that is stored though it is tied: fine where it is the embedding."""
    head, embedding = (case.source.tensors[name] for name in (_HEAD, case.source.rows(_EMBEDDING).tensor))
    alike = head.dtype == embedding.dtype in FLOATS and np.array_equal(map_stored(head), map_stored(embedding))
    if not alike:
        cure = "set tie_word_embeddings to false if the stored head is the real one, or remove it if it is not"
        subject = "config.json of Hugging Face: tie_word_embeddings"
        yield LintFinding("tied_head_differs", "error", subject, "a head that is the embedding", "another one", cure)


UNUSED_SOURCE = Rule("unused_source", _find)
