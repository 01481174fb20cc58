"""One number for each row or column of a matrix, by which it is found again wherever it was moved to."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from qwen_trt_model.casting import bits
from qwen_trt_model.lint.values.wanted import BLOCK_ELEMENTS

__all__ = ["column_fingerprints", "row_fingerprints"]

Array = npt.NDArray[Any]
Fingerprints = npt.NDArray[np.uint64]


def row_fingerprints(matrix: Array) -> Fingerprints:
    """The sum of each row's bit patterns times odd random numbers, modulo 2^64; ``[row]``.

    Equal rows have equal ones; two rows that differ agree by chance once in 2^48 and more.
    """
    rows, columns = matrix.shape
    step, factors = max(1, BLOCK_ELEMENTS // max(columns, 1)), _factors(columns)
    blocks = [bits(matrix[start : start + step]).astype(np.uint64) @ factors for start in range(0, rows, step)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.uint64)


def column_fingerprints(matrix: Array) -> Fingerprints:
    """The same for columns; ``[column]``."""
    rows, columns = matrix.shape
    step, factors = max(1, BLOCK_ELEMENTS // max(columns, 1)), _factors(rows)
    total = np.zeros(columns, np.uint64)
    for start in range(0, rows, step):
        block = bits(matrix[start : start + step]).astype(np.uint64)
        total += factors[start : start + step] @ block
    return total


@cache
def _factors(count: int) -> Fingerprints:
    rng = np.random.default_rng(count)
    factors: Fingerprints = rng.integers(0, 2**63, count, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    return factors
