"""The table of R by tap kind: what each operation of a port costs, over all layers, in units of the noise floor.

    python3 -m benchmarks.tensorrt.by_kind OUT

writes OUT/by_kind.csv and, with a row for each run as a whole, OUT/runs.csv.

Reads every ``comparison.json`` one folder below OUT, and ``costs.csv`` beside them, as `check.sh` leaves them. Exit
status: 0 if every run has parity, 1 if not.
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tensorrt.commands import CommandCost
from benchmarks.tensorrt.entry import enter
from benchmarks.tensorrt.figures import Table, origin_line
from parity.comparison import Comparison, TapResult, load_comparison

__all__ = ["KindRow", "RunRow", "kind_rows", "run_row"]


@dataclass(frozen=True)
class KindRow:
    """All taps of one kind in one run.

    Attributes:
        run: folder of the run.
        engine, dtype: of the candidate.
        kind: tap without its layer, such as ``attn_out``.
        taps: how many of them were compared.
        median_r: median over layers of R, which itself is the median over tokens.
        largest_r: R of the worst layer.
        at: the tap of that layer.
        worst_token_r: R of the worst token of any layer.
        largest_local_r: R of the operation by itself, whatever came in, at the worst layer; 0 without a diagnosis.
        largest_rel_l2: rel-L2 from the truth of the worst layer.
        flagged: taps above the flag (mean absolute error 1e-3).
        failing: taps that fail the run.
    """

    run: str
    engine: str
    dtype: str
    kind: str
    taps: int
    median_r: float
    largest_r: float
    at: str
    worst_token_r: float
    largest_local_r: float
    largest_rel_l2: float
    flagged: int
    failing: int


@dataclass(frozen=True)
class RunRow:
    """One run as a whole.

    Attributes:
        run: folder of the run.
        model, engine, version, dtype: of the candidate.
        device: GPU of the candidate.
        settings: how the candidate was run.
        truth: what the reference computed in.
        tokens: real tokens of all prompts.
        taps, flagged, failing: how many were compared, are above the flag, fail the run.
        largest_r, at: the largest R, and its tap.
        q_rel_l2: largest rel-L2 of a q projection from the truth; 0 where none was captured.
        passed: whether the run as a whole has parity.
        observer: whether marking taps leaves the engine what it is without them; empty where that was not measured.
        observer_r: how far apart the logits of the two engines are, in units of the noise floor.
        compare_seconds: what comparing took.
        record_seconds: what recording the candidate took, from checkpoint to dump, engines built where there were none;
            0 where that is not known.
        again_seconds: what recording it again took, with the engines that were there then; the difference is what
            building them took.
        gpu_peak_mib: most memory in use on the GPU while it was recorded.
    """

    run: str
    model: str
    engine: str
    version: str
    dtype: str
    device: str
    settings: str
    truth: str
    tokens: int
    taps: int
    flagged: int
    failing: int
    largest_r: float
    at: str
    q_rel_l2: float
    passed: bool
    observer: str
    observer_r: float
    compare_seconds: float
    record_seconds: float
    again_seconds: float
    gpu_peak_mib: int


def main() -> None:
    """Write both tables; exit with 1 if a run has no parity."""
    options = _options()
    files = sorted(options.out.glob("*/comparison.json"))
    if not files:
        sys.exit(f"{options.out}: no comparison.json one folder below")
    comparisons = {file.parent.name: load_comparison(file) for file in files}
    kinds = [row for run, comparison in comparisons.items() for row in kind_rows(run, comparison)]
    costs = Table(options.out / "costs.csv", CommandCost, origin="").rows
    runs = [run_row(run, comparison, costs) for run, comparison in comparisons.items()]
    _save(options.out / "by_kind.csv", KindRow, kinds)
    _save(options.out / "runs.csv", RunRow, runs)
    _print(runs, kinds)
    sys.exit(0 if all(run.passed for run in runs) else 1)


def kind_rows(run: str, comparison: Comparison) -> list[KindRow]:
    """One row for each kind of tap that was compared, in the order of the graph."""
    rows = _measured(comparison)
    kinds = dict.fromkeys(row.kind for row in rows)
    return [_kind_row(run, comparison, kind, [row for row in rows if row.kind == kind]) for kind in kinds]


def run_row(run: str, comparison: Comparison, costs: Sequence[CommandCost] = ()) -> RunRow:
    """The figures of `comparison` as a whole; `costs` are of the commands that led to it."""
    rows, side = _measured(comparison), comparison.candidate
    recorded, again = (_cost_of(f"{step}-{run}", costs) for step in ("candidate", "again"))
    worst = max(rows, key=_noise_ratio, default=None)
    return RunRow(
        run=run,
        model=side.model,
        engine=side.runner,
        version=side.versions.get(side.runner, ""),
        dtype=side.dtype,
        device=side.flags.get("device", side.flags.get("provider", "")),
        settings=" ".join(f"{name}={value}" for name, value in side.flags.items() if name != "device"),
        truth=comparison.reference.dtype,
        tokens=sum(prompt.tokens for prompt in comparison.prompts),
        taps=len(rows),
        flagged=sum(row.flagged for row in rows),
        failing=len(comparison.failures),
        largest_r=_noise_ratio(worst) if worst else 0.0,
        at=worst.tap if worst else "",
        q_rel_l2=max((_rel_l2(row) for row in rows if row.kind == "q"), default=0.0),
        passed=comparison.passed,
        observer=comparison.observer.grade if comparison.observer else "",
        observer_r=_observer_ratio(comparison),
        compare_seconds=comparison.seconds,
        record_seconds=recorded.seconds,
        again_seconds=again.seconds,
        gpu_peak_mib=recorded.gpu_peak_mib,
    )


def _observer_ratio(comparison: Comparison) -> float:
    phases = comparison.observer.phases if comparison.observer else ()
    noises = [phase.distance.noise for phase in phases if phase.distance is not None]
    return max((noise.noise_ratio for noise in noises if noise is not None), default=0.0)


def _cost_of(dump: str, costs: Sequence[CommandCost]) -> CommandCost:
    """The latest command that recorded the dump of this name."""
    found = [cost for cost in costs if cost.status == 0 and Path(shlex.split(cost.command)[-1]).name == dump]
    return found[-1] if found else CommandCost("", 0, 0.0, 0, 0)


def _measured(comparison: Comparison) -> list[TapResult]:
    return [row for row in comparison.rows if row.errors is not None]


def _kind_row(run: str, comparison: Comparison, kind: str, rows: Sequence[TapResult]) -> KindRow:
    worst = max(rows, key=_noise_ratio)
    return KindRow(
        run=run,
        engine=comparison.candidate.runner,
        dtype=comparison.candidate.dtype,
        kind=kind,
        taps=len(rows),
        median_r=statistics.median(map(_noise_ratio, rows)),
        largest_r=_noise_ratio(worst),
        at=worst.tap,
        worst_token_r=max(row.noise.worst_token_noise_ratio if row.noise else 0.0 for row in rows),
        largest_local_r=max(row.diagnosis.local.local_noise_ratio if row.diagnosis else 0.0 for row in rows),
        largest_rel_l2=max(map(_rel_l2, rows)),
        flagged=sum(row.flagged for row in rows),
        failing=sum(row.fails(strict=comparison.limits.strict) for row in rows),
    )


def _noise_ratio(row: TapResult) -> float:
    return row.noise.noise_ratio if row.noise else 0.0


def _rel_l2(row: TapResult) -> float:
    return row.errors.rel_l2 if row.errors else 0.0


def _save(path: Path, kind: type, rows: Iterable[object]) -> None:
    path.unlink(missing_ok=True)
    table: Table[object] = Table(path, kind, origin=origin_line())
    table.rows.extend(rows)
    table.write()


def _print(runs: Sequence[RunRow], kinds: Sequence[KindRow]) -> None:
    for run in runs:
        verdict = "PASS" if run.passed else "FAIL"
        print(f"\n{run.run}: {run.engine} {run.version} {run.dtype} on {run.device}, truth {run.truth}: {verdict}")
        judged = f"{run.taps} taps, {run.flagged} flagged, {run.failing} failing"
        print(f"  {judged}; largest R {run.largest_r:.3f} at {run.at}")
        print(f"  {'kind':10} {'taps':>4} {'median R':>9} {'largest':>9} {'token':>9} {'local':>9} {'rel-L2':>9}  at")
        for row in (row for row in kinds if row.run == run.run):
            ratios = (row.median_r, row.largest_r, row.worst_token_r, row.largest_local_r)
            numbers = "".join(f" {ratio:9.3f}" for ratio in ratios)
            print(f"  {row.kind:10} {row.taps:4}{numbers} {row.largest_rel_l2:9.2e}  {row.at}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path, metavar="OUT", help="folder whose subfolders hold comparison.json")
    return parser.parse_args()


if __name__ == "__main__":
    enter(main)
