"""Matrix products of the reference, recomputed from the stored weights: TF32, and weights of another model, show there.

This needs weights, which the checks of `parity.preflight.preflight_dumps` do without.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from parity.dtypes import ROUNDING_REL_L2, dtype_info
from parity.dump import Dump
from parity.finding import Finding
from parity.preflight.sides import PhaseSides, open_sides
from parity.replay.arrays import Floats, widened
from parity.replay.parameters import ReferenceWeights
from parity.taps import Tap

__all__ = ["preflight_reference"]

_NAME = "reference_products"
_TAPS = 6
_ROWS = 32
_CHANNELS = 256

_ROUNDINGS = 100.0
"""Unit roundoffs of its own dtype up to which a product is right: long sums in fp32 reach about 10."""
_UNRELATED = 0.05
"""rel-L2 beyond which no arithmetic explains the difference: the weights are others. bf16 products reach 0.006."""


def preflight_reference(reference: Dump, weights: ReferenceWeights) -> tuple[Finding, ...]:
    """Recompute a few linear layers of `reference` at a few tokens, from its own captured inputs.

    Args:
        reference: the truth.
        weights: the stored weights that it should have run with.

    Returns:
        At most one finding: the weights are others, or the products have fewer bits than the manifest says.

    Raises:
        ParityError: a file of the dump or of the weights is damaged.
    """
    claimed = dtype_info(reference.manifest.runner.dtype)
    phases = open_sides(reference, reference, ()).phases
    distances = {name: found for phase in phases[:1] for name, found in _distances(phase, weights)}
    wrong = {name: found for name, found in distances.items() if found > _ROUNDINGS * claimed.unit_roundoff}
    if not wrong:
        return ()
    first, distance = next(iter(wrong.items()))
    subject = f"{first} of the reference, {reference.path}"
    found = f"{len(wrong)} of {len(distances)} recomputed linear layers differ, the first by rel-L2 {distance:.2g}"
    if min(wrong.values()) > _UNRELATED:
        sentence = f"{found}: the reference was not run with these weights"
        return (Finding(_NAME, "error", subject, sentence, "give the folder that the reference was recorded from"),)
    bits = round(-np.log2(distance / (ROUNDING_REL_L2 * 2**0.5)))  # both operands are rounded
    sentence = (
        f"{found}: its products have about {bits} bits, where {claimed.name} has more: TF32 or another shortcut was on"
    )
    cure = "record it with torch.set_float32_matmul_precision('highest'), or on the CPU"
    return (Finding(_NAME, "error", subject, sentence, cure),)


def _distances(phase: PhaseSides, weights: ReferenceWeights) -> Iterator[tuple[str, float]]:
    """rel-L2 of captured linear taps from their products."""
    usable = [tap for tap in phase.graph if tap.op == "linear" and {tap.name, *tap.inputs} <= set(phase.reference)]
    for tap in _spread(usable):
        yield tap.name, _distance(phase, tap, weights)


def _spread(taps: Sequence[Tap]) -> list[Tap]:
    return [taps[place] for place in np.unique(np.linspace(0, len(taps) - 1, _TAPS).astype(np.intp))] if taps else []


def _distance(phase: PhaseSides, tap: Tap, weights: ReferenceWeights) -> float:
    parameters = weights.parameters(tap.name)
    assert parameters.weight is not None
    x, y = (_thin(phase.reference[name]) for name in (tap.inputs[0], tap.name))
    product = x @ widened(parameters.weight[:_CHANNELS]).T
    if parameters.bias is not None:
        product += widened(parameters.bias[:_CHANNELS])
    length = float(np.linalg.norm(product))
    return float(np.linalg.norm(y[:, :_CHANNELS] - product)) / length if length else 0.0


def _thin(rows: npt.NDArray[np.generic]) -> Floats:
    """Some real tokens, heads and channels in one axis."""
    places = np.unique(np.linspace(0, len(rows) - 1, _ROWS).astype(np.intp))
    return widened(rows[places].reshape(len(places), -1))
