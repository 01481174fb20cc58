"""Token profiles in little space: one number of 16 bits each, as base64, which `data.js` unpacks.

A report of 1,000 taps holds half a million of these numbers; as JSON text they would be most of the file.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np

__all__ = ["pack_logs"]

_STEPS_PER_DECADE = 1000
_LOWEST_DECADE = -20
_NOT_FINITE = 65535


def pack_logs(values: Sequence[float]) -> str:
    """Pack non-negative `values` by their logarithms, to 0.12 % each.

    The code of a value v is ``1 + 1000 (log10 v + 20)``, rounded and held within 1 to 65534; 0 stands for zero
    and 65535 for what is not finite. Codes are little-endian.
    """
    array = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(array)
    positive = finite & (array > 0)
    logs = np.log10(array, where=positive, out=np.zeros_like(array))
    codes = np.clip(np.rint(1 + _STEPS_PER_DECADE * (logs - _LOWEST_DECADE)), 1, _NOT_FINITE - 1)
    codes = np.where(finite, np.where(positive, codes, 0), _NOT_FINITE)
    return base64.b64encode(codes.astype("<u2").tobytes()).decode("ascii")
