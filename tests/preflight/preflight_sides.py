"""Sound sides of a small decoder, to be broken by the tests of preflight checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt
from given_dumps import GivenSide, store_side
from numpy_decoder import graph_of, make_reference, run

from parity.dump import Dump
from parity.finding import Finding
from parity.preflight import preflight_dumps
from parity.replay.replay import Reference
from parity.tokens import TokenBatch

__all__ = ["REFERENCE", "TRUTH", "Sides", "candidate_of"]

REFERENCE = make_reference(lengths=(24, 16, 20))
Arrays = dict[str, npt.NDArray[Any]]
TRUTH: Arrays = run(REFERENCE, "float64")


def candidate_of(reference: Reference = REFERENCE, dtype: str = "float16") -> Arrays:
    """What a sound engine in `dtype` gives."""
    return run(reference, dtype, seed=2)


def _unchanged(arrays: Arrays) -> Arrays:
    return arrays


@dataclass(frozen=True)
class Sides:
    """A sound truth, floor and candidate, each of which may be changed before it is recorded.

    Attributes:
        truth, floor, candidate: changes of the arrays.
        dtype: what floor and candidate compute in.
        runner: who ran the candidate.
        claims: dtypes that the manifests claim, by role, where they are not the true ones.
        digests: of the weights, by role.
        flags: of the reference.
        tokens: of the candidate, where they differ from the reference's.
        lost: taps that the candidate can't give.
    """

    truth: Callable[[Arrays], Arrays] = _unchanged
    floor: Callable[[Arrays], Arrays] = _unchanged
    candidate: Callable[[Arrays], Arrays] = _unchanged
    dtype: str = "float16"
    runner: str = "onnxruntime"
    claims: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    tokens: TokenBatch = REFERENCE.tokens
    lost: tuple[str, ...] = ()

    def findings(self, folder: Path) -> tuple[Finding, ...]:
        """Record all three and run every check."""
        truth = self._dump(folder, "reference", self.truth(dict(TRUTH)), "float64")
        floor = self._dump(folder, "floor", self.floor(run(REFERENCE, self.dtype, seed=1)), self.dtype)
        candidate = self._dump(folder, "candidate", self.candidate(candidate_of(dtype=self.dtype)), self.dtype)
        return preflight_dumps(truth, candidate, floors=[floor])

    def _dump(self, folder: Path, role: str, arrays: Arrays, dtype: str) -> Dump:
        judged = role == "candidate"
        side = GivenSide(
            self.runner if judged else "transformers",
            self.claims.get(role, dtype),
            graph_of(REFERENCE),
            arrays,
            self.digests.get(role, "w"),
            self.flags if role == "reference" else {},
        )
        tokens = self.tokens if judged else REFERENCE.tokens
        return store_side(folder, side, role, tokens, lost=self.lost if judged else ())
