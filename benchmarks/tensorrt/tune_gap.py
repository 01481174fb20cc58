"""Which operations an engine has to run in fp32 for every tap to be within limits, and what that costs in speed.

    python3 -m benchmarks.tensorrt.tune_gap --reference DUMP --floor DUMP --checkpoint DIR --out DIR
        [--model DIR] [--candidate SPEC]… [--limit median=1.5] [--minutes 20] [--max-builds 24]

Reference and floor are dumps (`parity record reference`, `parity record floor`) that may come from another machine; the
checkpoint is what `parity build` or TensorRT-LLM made. The Python needs the engine, neither PyTorch nor pandas. With
--model, the reference's Hugging Face folder, operations are suspected by their own errors instead of by how R grows.

Several --candidate are searched one after the other and share the minutes; one that fails is a row that says why. Every
trial is kept in DIR, so the same command goes on where it was cut off. OUT/tune_gap.csv has a row for each candidate,
OUT/tune_gap_kinds.csv one for each candidate and kind of tap; both are written anew after each candidate. Exit status:
0 if every candidate can be brought within limits, 1 if not, 2 on bad input.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.tensorrt.entry import enter
from benchmarks.tensorrt.figures import Table, origin_line
from parity.dump import Dump
from parity.engines.spec import EngineSpec, parse_candidate
from parity.errors import ParityError
from parity.session import CandidateRequest, Judging, PlainProgress, TuneRequest
from parity.session.tune import TuneOutcome, tune
from parity.session.tune_bench import TuneSides
from parity.tune import Trial, result_lines, table_lines, time_line

__all__ = ["CANDIDATES", "GapKindRow", "GapRow", "gap_row", "kind_rows"]

CANDIDATES = ("tensorrt:fp16,accumulation=engine,tf32=on",)
"""Kernels as the engine likes them, and tensor cores for the products that the search puts into fp32."""

_LEAST_MINUTES = 0.25
_MET = ("within", "met", "cut short")


@dataclass(frozen=True)
class GapRow:
    """One candidate.

    Attributes:
        candidate: as `--candidate` takes it.
        device, version: of the engine.
        limit: what every tap has to be within.
        status: one of `parity.tune.STATUSES`, or ``failed``.
        fp32: taps, or patterns of them, whose operations have to run in fp32.
        builds, trials: networks that were built now, and choices that were looked at, those of earlier runs included.
        seconds: of the search.
        taps: how many were compared.
        beyond_before, beyond_after: how many are beyond limits as the network is, and with `fp32`; with everything in
            fp32 where limits can't be met.
        r_before, at_before, r_after, at_after: R of the tap that comes nearest to its limit or goes farthest beyond.
        ms_before, ms_after: a run with nothing marked; 0 where it was not measured.
        time_ratio: of these two; 0 likewise.
        estimated_time_ratio: what matrix products alone would give.
        problem: why it failed.
    """

    candidate: str
    device: str
    version: str
    limit: str
    status: str
    fp32: str
    builds: int
    trials: int
    seconds: float
    taps: int
    beyond_before: int
    beyond_after: int
    r_before: float
    at_before: str
    r_after: float
    at_after: str
    ms_before: float
    ms_after: float
    time_ratio: float
    estimated_time_ratio: float
    problem: str


@dataclass(frozen=True)
class GapKindRow:
    """All taps of one kind with one candidate.

    Attributes:
        candidate: as `--candidate` takes it.
        kind: tap without its layer.
        taps, in_fp32: how many there are, and how many of them have their operations in fp32.
        beyond_before, beyond_after: how many are beyond limits.
        median_r_before, largest_r_before, largest_local_r_before: over layers, as the network is; local R is 0 where
            errors were not taken apart.
        median_r_after, largest_r_after, worst_token_r_after: likewise, with the operations that were found in fp32.
    """

    candidate: str
    kind: str
    taps: int
    in_fp32: int
    beyond_before: int
    beyond_after: int
    median_r_before: float
    largest_r_before: float
    largest_local_r_before: float
    median_r_after: float
    largest_r_after: float
    worst_token_r_after: float


@dataclass(frozen=True)
class _Searched:
    """One candidate, with what came of it or why nothing did."""

    row: GapRow
    kinds: Sequence[GapKindRow] = ()


def main() -> None:
    """Search for every candidate; exit with 1 if one can't be brought within limits."""
    options = _options()
    sides = TuneSides(Dump.open(options.reference), Dump.open(options.floor))
    options.out.mkdir(parents=True, exist_ok=True)
    ends, done = time.monotonic() + 60 * options.minutes, list[_Searched]()
    for place, candidate in enumerate(options.candidate):
        minutes = (ends - time.monotonic()) / 60 / (len(options.candidate) - place)
        print(f"\n{candidate}: {minutes:.1f} minutes", flush=True)
        done.append(_searched(candidate, sides, minutes, options))
        _save(options.out / "tune_gap.csv", GapRow, [one.row for one in done])
        _save(options.out / "tune_gap_kinds.csv", GapKindRow, [row for one in done for row in one.kinds])
    sys.exit(0 if all(one.row.status in _MET for one in done) else 1)


def gap_row(candidate: str, outcome: TuneOutcome, *, limit: str, seconds: float) -> GapRow:
    """The row of a search that came to an end."""
    result, summary, side = outcome.result, outcome.summary, outcome.candidate
    before, after = (trial.worst(outcome.limits) for trial in (result.before, result.after))
    seconds_before, seconds_after = summary.seconds_before or 0.0, summary.seconds_after or 0.0
    return GapRow(
        candidate=candidate,
        device=side.flags.get("device", side.flags.get("provider", "")),
        version=f"{side.name} {side.versions.get(side.name, '')}",
        limit=limit,
        status=summary.status,
        fp32=" ".join(summary.fp32),
        builds=summary.builds,
        trials=summary.trials,
        seconds=round(seconds, 1),
        taps=len(result.before.readings),
        beyond_before=len(result.before.beyond(outcome.limits)),
        beyond_after=len(result.after.beyond(outcome.limits)),
        r_before=before.noise_ratio,
        at_before=before.tap,
        r_after=after.noise_ratio,
        at_after=after.tap,
        ms_before=1e3 * seconds_before,
        ms_after=1e3 * seconds_after,
        time_ratio=seconds_after / seconds_before if seconds_before else 0.0,
        estimated_time_ratio=summary.estimated_time,
        problem="",
    )


def kind_rows(candidate: str, outcome: TuneOutcome) -> list[GapKindRow]:
    """One row for each kind of tap, in the order of the graph."""
    kinds = dict.fromkeys(outcome.graph[reading.tap].kind for reading in outcome.result.before.readings)
    return [_kind_row(candidate, kind, outcome) for kind in kinds]


def _kind_row(candidate: str, kind: str, outcome: TuneOutcome) -> GapKindRow:
    before, after = (_of_kind(trial, kind, outcome) for trial in (outcome.result.before, outcome.result.after))
    local = [reading.local_noise_ratio or 0.0 for reading in before.readings]
    ratios_before, ratios_after = ([reading.noise_ratio for reading in side.readings] for side in (before, after))
    return GapKindRow(
        candidate=candidate,
        kind=kind,
        taps=len(local),
        in_fp32=sum(reading.tap in outcome.result.after.fp32 for reading in before.readings),
        beyond_before=len(before.beyond(outcome.limits)),
        beyond_after=len(after.beyond(outcome.limits)),
        median_r_before=statistics.median(ratios_before),
        largest_r_before=max(ratios_before),
        largest_local_r_before=max(local),
        median_r_after=statistics.median(ratios_after),
        largest_r_after=max(ratios_after),
        worst_token_r_after=max(reading.worst_token_noise_ratio for reading in after.readings),
    )


def _of_kind(trial: Trial, kind: str, outcome: TuneOutcome) -> Trial:
    readings = tuple(reading for reading in trial.readings if outcome.graph[reading.tap].kind == kind)
    return Trial(trial.fp32, readings, trial.seconds)


def _searched(candidate: str, sides: TuneSides, minutes: float, options: argparse.Namespace) -> _Searched:
    began = time.monotonic()
    try:
        if minutes < _LEAST_MINUTES:
            raise ParityError("no time is left for it", cure="give more --minutes; the same command goes on")
        progress = PlainProgress(partial(print, file=sys.stderr, flush=True))
        outcome = tune(_request(candidate, minutes, options), sides, model=options.model, progress=progress)
        _print(outcome)
    except ParityError as error:
        print(f"error: {error}", file=sys.stderr)
        return _Searched(_failed(candidate, error.problem, time.monotonic() - began, options))
    except Exception as error:  # whatever a builder throws, the other candidates have their turn
        traceback.print_exc()
        return _Searched(_failed(candidate, f"{type(error).__name__}: {error}", time.monotonic() - began, options))
    row = gap_row(candidate, outcome, limit=" ".join(options.limit), seconds=time.monotonic() - began)
    return _Searched(row, kind_rows(candidate, outcome))


def _failed(candidate: str, problem: str, seconds: float, options: argparse.Namespace) -> GapRow:
    limit, nothing = " ".join(options.limit), (0.0, "", 0.0, "", 0.0, 0.0, 0.0, 0.0)
    return GapRow(candidate, "", "", limit, "failed", "", 0, 0, round(seconds, 1), 0, 0, 0, *nothing, problem)


def _request(candidate: str, minutes: float, options: argparse.Namespace) -> TuneRequest:
    built_here = isinstance(parse_candidate(candidate), EngineSpec)
    return TuneRequest(
        CandidateRequest(candidate, checkpoint=options.checkpoint if built_here else None),
        options.out / re.sub(r"[^\w=.-]+", "-", candidate),
        Judging.parse(flags=[], limits=options.limit, strict=False),
        max_builds=options.max_builds,
        minutes=minutes,
        rate_ratio=options.rate_ratio,
        timed=not options.no_timing,
        no_diagnosis=options.model is None,
    )


def _print(outcome: TuneOutcome) -> None:
    asked = outcome.result, outcome.limits, outcome.graph
    print("\n".join([*table_lines(*asked), "", *result_lines(*asked)]))
    if outcome.summary.seconds_before and outcome.summary.seconds_after:
        print(time_line(outcome.summary.seconds_before, outcome.summary.seconds_after))
    sys.stdout.flush()


def _save(path: Path, kind: type, rows: Sequence[object]) -> None:
    path.unlink(missing_ok=True)
    table: Table[object] = Table(path, kind, origin=origin_line())
    table.rows.extend(rows)
    table.write()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, metavar="DUMP", help="recorded truth")
    parser.add_argument("--floor", type=Path, required=True, metavar="DUMP", help="recorded floor, of the same tokens")
    parser.add_argument(
        "--checkpoint", type=Path, required=True, metavar="DIR", help="config.json and rank0.safetensors"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="for tables and trials")
    parser.add_argument("--model", type=Path, metavar="DIR", help="the reference's Hugging Face folder")
    parser.add_argument("--candidate", action="append", metavar="SPEC", help=f"repeatable; default {CANDIDATES[0]}")
    parser.add_argument("--limit", action="append", metavar="NAME=NUMBER", help="repeatable; default median=1.5")
    parser.add_argument("--minutes", type=float, default=20.0, help="for all candidates together; default %(default)s")
    parser.add_argument("--max-builds", type=int, default=24, help="for each candidate; default %(default)s")
    parser.add_argument("--rate-ratio", type=float, help="how many times slower products are in fp32")
    parser.add_argument("--no-timing", action="store_true", help="measure no run times, which saves two builds each")
    options = parser.parse_args()
    options.candidate = options.candidate or list(CANDIDATES)
    options.limit = options.limit or ["median=1.5"]
    return options


if __name__ == "__main__":
    enter(main)
