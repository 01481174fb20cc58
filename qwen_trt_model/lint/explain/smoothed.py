"""Norm weights into which a quantisation has folded the smoothing of what comes behind them."""

from __future__ import annotations

import numpy as np

from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch
from qwen_trt_model.lint.quantised.format import FORMATS

__all__ = ["explain_smoothed"]

_NORMS = ("input_layernorm.weight", "post_layernorm.weight")


def explain_smoothed(mismatch: Mismatch) -> Explanation | None:
    """A positive factor for each channel, in a checkpoint whose algorithm divides weights by such factors.

    SmoothQuant, and AWQ as ModelOpt exports it, multiply a norm's weight by what they divide the inputs of the linear
    layers behind it by; the codes, which can't be compared with the model, take it back.
    """
    algorithm = str(mismatch.case.files.section("quantization").get("quant_algo"))
    form = FORMATS.get(algorithm)
    if form is None or not form.smoothed or mismatch.expected.kind not in _NORMS:
        return None
    wanted, found = (array.astype(np.float64) for array in (mismatch.wanted.whole(), mismatch.found))
    factors = found[wanted != 0] / wanted[wanted != 0]
    if not np.isfinite(factors).all() or (factors <= 0).any():
        return None
    spread = f"from {factors.min():.3g} to {factors.max():.3g}"
    text = f"channels times a factor of their own, {spread}, as {algorithm} folds it in"
    return Explanation("norm_smoothed", text, "judge the engine layer by layer: parity run", "note")
