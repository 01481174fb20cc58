"""Values times a number: one for all, or one for each row or column."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch, part_label
from qwen_trt_model.lint.values import rounding_error, step

__all__ = ["explain_column_factors", "explain_factor", "explain_row_factors"]

Array = npt.NDArray[np.float64]

_FEW = 8
"""Numbers that a factor of a row or column has to explain at least."""

_CURE = "store the weights as they are, and let the network do the scaling that belongs to it"
_NORMS = {"q_proj": "input_layernorm", "gate_proj": "post_attention_layernorm", "up_proj": "post_attention_layernorm"}


def explain_factor(mismatch: Mismatch) -> Explanation | None:
    """One factor for all values, to within one rounding."""
    wanted, found = _sampled(mismatch)
    factor = _median_ratio(wanted.ravel(), found.ravel())
    if factor is None or not _reproduces(mismatch, np.array([[factor]])):
        return None
    return Explanation("scaled", f"every value times {factor:.6g}{_meaning(mismatch, factor)}", _CURE)


def explain_row_factors(mismatch: Mismatch) -> Explanation | None:
    """One factor for each row; the parts of a fused tensor are looked at one by one."""
    rows, columns = mismatch.found.shape
    if columns < _FEW or len(mismatch.pieces) > 1:
        return None
    factors: list[float] = []
    for start, block in mismatch.wanted.blocks():
        found = mismatch.found[start : start + len(block)]
        pairs = zip(block.astype(np.float64), found.astype(np.float64), strict=True)
        ratios = [ratio for ratio in (_median_ratio(a, b) for a, b in pairs) if ratio is not None]
        if len(ratios) != len(block) or not _is_product(block, np.array(ratios)[:, None], found):
            return None
        factors += ratios
    changed = int(np.count_nonzero(np.abs(np.array(factors) - 1) > step(mismatch.found.dtype)))
    spread = f"from {min(factors):.4g} to {max(factors):.4g}"
    return Explanation("rows_scaled", f"{changed} of {rows} rows times a factor of their own, {spread}", _CURE)


def explain_column_factors(mismatch: Mismatch) -> Explanation | None:
    """One factor for each column, as where the norm in front was folded in."""
    rows, columns = mismatch.found.shape
    if rows < _FEW or columns < 2:
        return None
    wanted, found = _sampled(mismatch)
    ratios = [_median_ratio(a, b) for a, b in zip(wanted.T, found.T, strict=True)]
    factors = np.array([ratio for ratio in ratios if ratio is not None])
    if factors.size != columns or not _reproduces(mismatch, factors[None, :]):
        return None
    if norm := _folded_norm(mismatch, factors):
        cure = f"store {mismatch.label} as it is; {norm} is applied by the network"
        return Explanation("norm_folded_in", f"{mismatch.label} with {norm} folded into its columns", cure)
    spread = f"from {factors.min():.4g} to {factors.max():.4g}"
    return Explanation("columns_scaled", f"columns times a factor of their own, {spread}", _CURE)


def _sampled(mismatch: Mismatch) -> tuple[Array, Array]:
    rows = mismatch.sampled_rows()
    return mismatch.wanted.at(rows).astype(np.float64), mismatch.found[rows].astype(np.float64)


def _median_ratio(wanted: Array, found: Array) -> float | None:
    """found ÷ wanted at the larger half of the wanted values; None where nothing can be said."""
    size = np.abs(wanted)
    large = (size >= np.median(size)) & (size > 0)
    if not large.any() or not np.isfinite(found).all():
        return None
    ratio = float(np.median(found[large] / wanted[large]))
    return ratio if ratio != 0 else None


def _reproduces(mismatch: Mismatch, factors: Array) -> bool:
    """Whether wanted · factors, one row for all rows, gives the stored values everywhere, and is not 1."""
    blocks = ((block, mismatch.found[start : start + len(block)]) for start, block in mismatch.wanted.blocks())
    changes = not np.allclose(factors, 1, rtol=step(mismatch.found.dtype))
    return changes and all(_is_product(block, factors, found) for block, found in blocks)


def _is_product(wanted: Any, factors: Array, found: Any) -> bool:
    """Whether `found` is wanted · factors to within one rounding."""
    exact = wanted.astype(np.float64) * factors
    error = np.abs(found.astype(np.float64) - exact)
    return bool((error <= 2 * rounding_error(exact, found.dtype)).all())


def _meaning(mismatch: Mismatch, factor: float) -> str:
    """Where a factor comes from, as far as it is one that ports use."""
    network, ranks = mismatch.case.source.network, mismatch.case.parallelism.tensor
    known: dict[str, Any] = {
        "the root of hidden_size": network.hidden_size**0.5,
        "the attention scale, 1 / √head_size": network.head_size**-0.5,
        "√head_size": network.head_size**0.5,
        "the sign is turned": -1.0,
    }
    if ranks > 1:
        known |= {"the number of tensor-parallel ranks": float(ranks), "1 / the number of ranks": 1 / ranks}
    tolerance = 2 * step(mismatch.found.dtype)
    return next((f", {name}" for name, value in known.items() if abs(factor / value - 1) <= tolerance), "")


def _folded_norm(mismatch: Mismatch, factors: Array) -> str:
    layer = mismatch.expected.layer
    name = _NORMS.get(mismatch.pieces[0].part.split(".")[-2], "")
    part = "model.norm.weight" if layer is None else f"model.layers.{layer}.{name}.weight" if name else ""
    if not part or (layer is None and part_label(mismatch.pieces[0].part) != "lm_head"):
        return ""
    weight = mismatch.case.source.array(part).astype(np.float64)
    alike = weight.shape == factors.shape and np.allclose(factors, weight, rtol=4 * step(mismatch.found.dtype))
    return str(mismatch.case.source.rows(part)) if alike else ""
