"""Comparing and diagnosing many candidates by one truth: as a run does, without doing again what did not change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.compare import compare
from parity.comparison import TapResult
from parity.diagnose.findings import PhaseFindings, take_apart
from parity.diagnose.sources import SourceDoctor
from parity.diagnose_dumps import diagnosed_rows
from parity.dtypes import dtype_info
from parity.limits import default_limits
from parity.measure import Subject
from parity.replay import Reference, Sides
from parity.replay.local import KeptReplays
from parity.selftest.bench import ModelBench
from parity.selftest.candidates import Arrays, capture
from parity.selftest.case import Case, Engine
from parity.taps import TapGraph
from parity.tokens import TokenBatch
from qwen_trt_model.reference_weights import open_reference_weights

__all__ = ["Judge"]


@dataclass(frozen=True, eq=False)
class _Judged:
    """A candidate, taken apart.

    Attributes:
        arrays: what it put out.
        rows: the rows of its comparison, without a diagnosis, by tap.
        found: its errors taken apart.
    """

    arrays: Arrays
    rows: Mapping[str, TapResult]
    found: PhaseFindings


class Judge:
    """Judges candidates in one dtype of one model.

    Taps that the candidate and the sound network put out alike, bit by bit, from inputs that are alike, are
    judged once: the same numbers give the same result.
    """

    def __init__(self, bench: ModelBench, model: str, dtype: str) -> None:
        truth, floor = bench.truth.phase("prefill"), bench.floor(dtype).phase("prefill")
        self._bench, self._model, self._dtype = bench, model, dtype
        self._tokens: TokenBatch = truth.tokens
        self._graph: TapGraph = bench.truth.manifest.runner.graph
        self._truth, self._floor = dict(truth.arrays), dict(floor.arrays)
        self._reference = Reference(open_reference_weights(bench.model), truth.tokens)
        self._kept: KeptReplays = {}

    def judge(self, case: Case) -> tuple[TapResult, ...]:
        """The rows of the comparison of `case`, diagnosed."""
        arrays = capture(case, self._bench, self._tokens)
        sides = self._sides(arrays)
        judged = self._judge(arrays, sides, like=self._sound)
        doctor = SourceDoctor(self._reference, self._graph, sides, priced_sources=0)
        return tuple(diagnosed_rows(judged.rows, judged.found, sides, doctor))

    @cached_property
    def _sound(self) -> _Judged | None:
        """The sound network's; None where no engine runs this dtype."""
        if not self._bench.checkpoint(self._dtype).is_dir():
            return None
        sound = Case("", "", "", self._dtype, Engine(), model=self._model)
        arrays = capture(sound, self._bench, self._tokens)
        return self._judge(arrays, self._sides(arrays), like=None)

    def _judge(self, arrays: Arrays, sides: Sides, *, like: _Judged | None) -> _Judged:
        new = {name for name in arrays if like is None or not _alike(arrays[name], like.arrays[name])}
        affected = new | {tap.name for tap in self._graph if tap.name in arrays and new & set(tap.inputs)}
        old_rows = {} if like is None else dict(like.rows)
        rows = {**old_rows, **self._compared(arrays, new)}
        part = take_apart(self._reference, self._graph, {name: rows[name] for name in affected}, sides)
        return _Judged(arrays, rows, part if like is None else _merged(like.found, part, rows))

    def _compared(self, arrays: Arrays, names: set[str]) -> dict[str, TapResult]:
        if not names:
            return {}
        subject = Subject(
            phase="prefill",
            tokens=self._tokens,
            graph=self._graph,
            reference=self._truth,
            candidate={name: array for name, array in arrays.items() if name in names},
            candidate_dtype=self._dtype,
            floors=[self._floor],
        )
        return {row.tap: row for row in compare(subject, default_limits(self._dtype)) if row.tap in names}

    def _sides(self, arrays: Arrays) -> Sides:
        return Sides(self._truth, arrays, self._floor, dtype_info(self._dtype), self._kept)


def _alike(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> bool:
    return left.dtype == right.dtype and np.array_equal(left, right, equal_nan=True)


def _merged(old: PhaseFindings, new: PhaseFindings, rows: Mapping[str, TapResult]) -> PhaseFindings:
    """What was taken apart anew in place of what was before; every other tap keeps what is known of it."""
    order = [name for name in rows if name in new.errors or name in old.errors]
    return replace(
        old,
        rows={name: rows[name] for name in order},
        errors={name: new.errors.get(name) or old.errors[name] for name in order},
    )
