"""How fast a tap is compared, as ratios to peers and to the bandwidth of reading both sides, all in one run.

    python benchmarks/compare_speed.py [--log2-elements 24] [--repeats 3] [--csv FILE]

The probe reads both arrays once (`numpy.add.reduce` in float32 over blocks that fit the cache counts as one read). A
method's time is the median of its repeats. Peers do less than `parity.compare`, which also gives R by token, errors by
head and channel, histograms and the worst tokens; Polygraphy's default does the most alike.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from parity.compare import Subject, compare
from parity.limits import default_limits
from parity.taps import Tap, TapGraph
from parity.tokens import TokenBatch

CHANNELS = 4096


def main() -> None:
    """Measure every method on one tap and write the table."""
    options = _options()
    rows = 2**options.log2_elements // CHANNELS
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((1, rows, CHANNELS), dtype=np.float32)
    candidate = truth + np.float32(1e-3) * rng.standard_normal(truth.shape, dtype=np.float32)
    methods = _methods(truth, candidate)
    results = [(name, _seconds(call, options.repeats if "polygraphy" not in name else 1)) for name, call in methods]
    _print(results, truth.nbytes * 2, options.csv)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--log2-elements", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--csv", type=Path)
    return parser.parse_args()


def _methods(truth: np.ndarray, candidate: np.ndarray) -> list[tuple[str, Callable[[], Any]]]:
    return [
        ("read both sides (bandwidth probe)", lambda: (_read(truth), _read(candidate))),
        ("numpy: max |difference| alone", lambda: np.abs(candidate - truth).max()),
        ("numpy.testing.assert_allclose", lambda: np.testing.assert_allclose(candidate, truth, rtol=1, atol=1)),
        ("parity.compare without a floor", lambda: _compare(truth, candidate, floors=())),
        ("parity.compare with a floor", lambda: _compare(truth, candidate, floors=(candidate,))),
        ("polygraphy compare_accuracy", lambda: _polygraphy(truth, candidate)),
    ]


def _read(array: np.ndarray) -> float:
    return float(sum(block.sum() for block in array.reshape(-1, 2**16)))


def _compare(truth: np.ndarray, candidate: np.ndarray, *, floors: tuple[np.ndarray, ...]) -> None:
    graph = TapGraph((Tap("x", "linear", (), ("batch", "token", "channel"), (None, None, CHANNELS)),))
    tokens = TokenBatch.from_sequences([[0] * truth.shape[1]])
    runs = [{"x": floor} for floor in floors]
    subject = Subject("prefill", tokens, graph, {"x": truth}, {"x": candidate}, "float32", floors=runs)
    compare(subject, default_limits("float32"))


def _polygraphy(truth: np.ndarray, candidate: np.ndarray) -> None:
    from polygraphy.comparator import Comparator, CompareFunc, IterationResult, RunResults
    from polygraphy.logger import G_LOGGER

    runs = RunResults()
    for name, array in (("truth", truth), ("candidate", candidate)):
        runs.append((name, [IterationResult({"x": array}, runner_name=name)]))
    with G_LOGGER.verbosity(G_LOGGER.CRITICAL):
        Comparator.compare_accuracy(runs, compare_func=CompareFunc.simple())


def _seconds(call: Callable[[], Any], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _print(results: list[tuple[str, float]], nbytes: int, file: Path | None) -> None:
    probe, ours = results[0][1], dict(results)["parity.compare without a floor"]
    table = [("method", "seconds", "GB/s", "x probe", "x parity")]
    for name, seconds in results:
        figures = (f"{seconds:.3f}", f"{nbytes / seconds / 1e9:.3f}", f"{seconds / probe:.1f}", f"{seconds / ours:.2f}")
        table.append((name, *figures))
    for row in table:
        print(f"{row[0]:36}" + "".join(f"{cell:>10}" for cell in row[1:]))
    if file is not None:
        with file.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(table)


if __name__ == "__main__":
    main()
