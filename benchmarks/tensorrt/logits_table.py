"""How far an engine's fp16 logits lie from Hugging Face's, in the form in which a published port gives its own.

    python3 -m benchmarks.tensorrt.logits_table --reference DUMP --floor DUMP --candidate DUMP --csv FILE

The published figures are of a TensorRT-LLM port of Qwen-7B with its trained weights (NVIDIA TensorRT Hackathon 2023; an
A10, TensorRT 9.0), against Hugging Face in fp16. Absolute errors of two models compare only beside the size of their
logits, which `rms` gives; relative ones are ``|a - d| / (|d| + 1e-5)``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.tensorrt.entry import enter
from benchmarks.tensorrt.figures import Table, origin_line
from parity.compare import Subject, compare
from parity.dtypes import dtype_info
from parity.dump import Dump
from parity.errors import ParityError
from parity.limits import default_limits
from parity.taps import TapGraph

__all__ = ["LogitsRow", "logits_row"]

_TAP = "logits"


@dataclass(frozen=True)
class LogitsRow:
    """Differences of one side's logits from another's.

    Attributes:
        what: both sides in words.
        weights: ``trained`` or what the model is called.
        max_abs, median_abs, mean_abs, max_rel, median_rel, mean_rel: of the differences; -1 where it was not published.
        rel_l2: of all of them; likewise.
        rms: root mean square of the logits that were compared with; likewise.
    """

    what: str
    weights: str
    max_abs: float
    median_abs: float
    mean_abs: float
    max_rel: float
    median_rel: float
    mean_rel: float
    rel_l2: float
    rms: float


PUBLISHED = (
    LogitsRow(
        "published port: TensorRT-LLM fp16 against Hugging Face fp16",
        "trained Qwen-7B",
        0.0137,
        0.00195,
        0.00242,
        0.211,
        0.00225,
        0.00505,
        -1.0,
        -1.0,
    ),
    LogitsRow(
        "published port: TensorRT-LLM int8 weights against Hugging Face fp16",
        "trained Qwen-7B",
        0.2919,
        0.0359,
        0.0426,
        3.659,
        0.0389,
        0.0893,
        -1.0,
        -1.0,
    ),
)


def main() -> None:
    """Write the table of two dumps' logits."""
    options = _options()
    reference, floor, candidate = (Dump.open(path) for path in (options.reference, options.floor, options.candidate))
    pairs = ((candidate, floor), (candidate, reference), (floor, reference))
    measured = [logits_row(side, from_side) for side, from_side in pairs]
    options.csv.unlink(missing_ok=True)
    table = Table(options.csv, LogitsRow, origin=origin_line())
    table.rows = [*PUBLISHED, *measured]
    table.write()
    _print(table.rows)


def logits_row(side: Dump, from_side: Dump) -> LogitsRow:
    """Compare the logits of `side` with those of `from_side`, over all real tokens of the first phase.

    Raises:
        ParityError: one of them has no logits, or they ran on other tokens.
    """
    ours, theirs = (dump.phase(dump.manifest.phases[0].name) for dump in (side, from_side))
    if ours.tokens.digest != theirs.tokens.digest:
        raise ParityError(f"{side.path} and {from_side.path} ran other tokens", cure="record them from one reference")
    if _TAP not in ours.arrays or _TAP not in theirs.arrays:
        raise ParityError(f"{side.path} or {from_side.path} holds no logits", cure="record them with --taps blocks")
    runner = side.manifest.runner
    graph = TapGraph((runner.graph[_TAP],))
    reference, candidate = ({_TAP: phase.arrays[_TAP]} for phase in (theirs, ours))
    subject = Subject(ours.name, ours.tokens, graph, reference, candidate, runner.dtype)
    (row,) = compare(subject, default_limits(runner.dtype))
    if row.errors is None:
        raise ParityError(f"{side.path}: {row.reason}")
    errors = row.errors
    rms = _rms(reference[_TAP][theirs.tokens.mask])
    absolute, relative = (errors.max_abs, errors.median_abs, errors.mean_abs), (errors.max_rel, errors.median_rel)
    words = f"{_words(side)} against {_words(from_side)}"
    return LogitsRow(words, runner.model, *absolute, *relative, errors.mean_rel, errors.rel_l2, rms)


def _rms(values: npt.NDArray[Any]) -> float:
    """Root mean square, row by row: the logits of a large vocabulary need not be widened all at once."""
    return float(np.sqrt(np.mean([np.square(row, dtype=np.float64).mean() for row in values])))


def _words(dump: Dump) -> str:
    runner = dump.manifest.runner
    return f"{runner.name} {dtype_info(runner.dtype).short}"


def _print(rows: Sequence[LogitsRow]) -> None:
    names = ("max abs", "median", "mean", "max rel", "median", "mean", "rel-L2", "rms")
    print("".join(f"{name:>10}" for name in names))
    for row in rows:
        numbers = [value for value in vars(row).values() if isinstance(value, float)]
        print("".join(f"{value:10.3g}" if value >= 0 else f"{'-':>10}" for value in numbers), f" {row.what}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--reference", type=Path, required=True, help="dump of Hugging Face in fp32 or fp64")
    parser.add_argument("--floor", type=Path, required=True, help="dump of Hugging Face in fp16")
    parser.add_argument("--candidate", type=Path, required=True, help="dump of the engine in fp16")
    parser.add_argument("--csv", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    enter(main)
