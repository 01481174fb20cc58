"""Faults that ports have had and that can't be planted here, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["LEFT_OUT"]

LEFT_OUT: Mapping[str, str] = {
    "decode positions frozen or off by one": "needs decoding with a cache; B10 plants the same positions into prefill",
    "YaRN ignored": "the models ask for no scaling; B11 and B12 plant the same frequencies where none is wanted",
    "mrope sections of images": "text has the same position in every section; B17 plants exchanged bands instead",
    "TensorRT tactic or fusion defects": "appear in built engines alone; their observer compares probed and unprobed",
    "fused all-reduce and norm, ranks that overwrite files": "need several ranks",
    "wrong end-of-sequence or padding id": "changes no number of a prefill, only where generation ends",
    "wrong optimisation profile, stale addresses": "needs an engine with profiles; G10 plants the stale memory",
    "debug graph other than the production graph": "needs a second engine without taps",
    "sampling compared with greedy search": "the logits are equal",
    "renormalised routing, order of expert halves": "need a mixture of experts",
    "fp8 and int8 caches, SmoothQuant, GPTQ files": "come with quantised checkpoints; group E plants quantised weights",
}
"""What is left out, and why."""
