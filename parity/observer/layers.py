"""Which layers only one of two engines of the same network has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from parity.observer_effect import LayerDifferences
from parity.runner import COPY_SUFFIX, EngineLayer

__all__ = ["compare_layers"]

_EXAMPLES = 4

_Layers = dict[tuple[str, tuple[str, ...]], EngineLayer]


def compare_layers(probed: Sequence[EngineLayer], unprobed: Sequence[EngineLayer]) -> LayerDifferences | None:
    """Compare by name and by the formats of outputs; None where one of the engines tells nothing.

    Args:
        probed: layers of the engine with taps (of all of them, where the taps were spread over several).
        unprobed: layers of the engine without.
    """
    if not probed or not unprobed:
        return None
    ours, theirs = _by_key(layer for layer in probed if COPY_SUFFIX not in layer.name), _by_key(unprobed)
    shared = [key for key in ours if key in theirs]
    added = [layer for key, layer in ours.items() if key not in theirs]
    lost = [layer for key, layer in theirs.items() if key not in ours]
    return LayerDifferences(
        shared=len(shared),
        other_kernels=sum(ours[key].kind != theirs[key].kind for key in shared),
        probed_only=len(added),
        unprobed_only=len(lost),
        examples=tuple(islice(_examples(added, lost), _EXAMPLES)),
    )


def _by_key(layers: Iterable[EngineLayer]) -> _Layers:
    return {(layer.name, layer.outputs): layer for layer in layers}


def _examples(added: Sequence[EngineLayer], lost: Sequence[EngineLayer]) -> Iterator[str]:
    by_name = {layer.name: layer for layer in added}
    alike = [(by_name[layer.name], layer) for layer in lost if layer.name in by_name]
    names = {layer.name for layer, _ in alike}
    return chain(
        (_formats(with_taps, without) for with_taps, without in alike),
        (f"only without taps: {_named(layer)}" for layer in lost if layer.name not in names),
        (f"only with taps: {_named(layer)}" for layer in added if layer.name not in names),
    )


def _formats(probed: EngineLayer, unprobed: EngineLayer) -> str:
    pairs = zip(probed.outputs, unprobed.outputs, strict=False)
    ours, theirs = next((pair for pair in pairs if pair[0] != pair[1]), (_listed(probed), _listed(unprobed)))
    return f"{probed.short_name} puts out {ours} with taps, {theirs} without"


def _listed(layer: EngineLayer) -> str:
    return f"{len(layer.outputs)} tensors"


def _named(layer: EngineLayer) -> str:
    return layer.short_name + (f" ({layer.kind})" if layer.kind else "")
