"""Whether the factors in front of a linear layer were folded into the norm before it."""

from __future__ import annotations

from qwen_trt_model.lint.quantised.layers import QuantisedLayer
from qwen_trt_model.lint.stored import FLOATS, map_stored
from qwen_trt_model.lint.values import Wanted, as_matrix, find_differences

__all__ = ["folded_into_norm"]

_NORM_OF = {"attention.qkv": "input_layernorm", "mlp.fc": "post_layernorm", "mlp.gate": "post_layernorm"}


def folded_into_norm(layer: QuantisedLayer) -> bool:
    """Whether the norm that feeds the layer is not the model's, in an algorithm that changes norms."""
    start, _, kind = layer.module.partition(".layers.")
    place, _, module = kind.partition(".")
    name = f"{start}.layers.{place}.{_NORM_OF.get(module, '')}.weight"
    stored, rank = layer.beside.get(name), layer.pair.expected.rank
    if not layer.form.smoothed or stored is None or stored.dtype not in FLOATS:
        return False
    found = as_matrix(map_stored(stored))
    for expected in layer.case.expected:
        if expected.rank == rank and expected.name == name and expected.shape == stored.shape:
            return find_differences(Wanted(layer.case.source, expected.pieces, found.dtype), found) is not None
    return False
