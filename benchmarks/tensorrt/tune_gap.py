"""Which operations TensorRT has to run in fp32 for every tap to be within limits, and what that costs in speed.

    python benchmarks/tensorrt/tune_gap.py --reference DUMP --floor DUMP --checkpoint DIR --out DIR
        [--model DIR] [--candidate tensorrt:fp16,tf32=on,level=3] [--limit median=1.5] [--minutes 20]

Reference and floor are dumps (`parity record reference`, `parity record floor`) that may come from another machine; the
checkpoint is what `parity build` or TensorRT-LLM made. It needs tensorrt and polygraphy, neither PyTorch nor pandas.
With --model, the reference's Hugging Face folder, operations are suspected by their own errors, not by how R grows.

Several --candidate are searched one after the other and share the minutes; one that fails is a row that says why. Every
trial is kept in DIR, so the same command goes on where it was cut off. `tune_gap.csv` has a row for each candidate,
`tune_gap_kinds.csv` one for each candidate and kind of tap; both are written anew after each candidate.

With --candidate onnxruntime:fp16 all of it runs on a CPU, as a trial of everything but TensorRT.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parity.dump import Dump
from parity.engines.spec import EngineSpec, NetworkFile, parse_candidate
from parity.errors import ParityError
from parity.session import CandidateRequest, Judging, PlainProgress, TuneRequest
from parity.session.tune import TuneOutcome, tune
from parity.session.tune_bench import TuneSides
from parity.tune import result_lines, table_lines, time_line

SUMMARY = (
    *("candidate", "engine_versions", "device", "limit", "status", "fp32", "builds", "trials", "search_seconds"),
    *("taps", "beyond_before", "beyond_after", "r_before", "r_before_tap", "r_after", "r_after_tap"),
    *("ms_before", "ms_after", "time_ratio", "estimated_time_ratio", "problem"),
)
KINDS = (
    *("candidate", "kind", "taps", "in_fp32", "limit", "beyond_before", "beyond_after"),
    *("r_before", "r_median_before", "r_local_before", "r_after", "r_median_after", "r_worst_token_after"),
)
_LEAST_MINUTES = 0.5


@dataclass(frozen=True)
class Searched:
    """One candidate, with what came of it or why nothing did."""

    candidate: str
    outcome: TuneOutcome | None
    seconds: float
    problem: str = ""


def main() -> int:
    options = _options()
    try:
        sides = TuneSides(Dump.open(options.reference), Dump.open(options.floor))
    except ParityError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + 60 * options.minutes
    done: list[Searched] = []
    for place, candidate in enumerate(options.candidate):
        share = (ends - time.monotonic()) / 60 / (len(options.candidate) - place)
        print(f"== {candidate}: {share:.1f} minutes", file=sys.stderr, flush=True)
        done.append(_searched(candidate, sides, share, options))
        _write_tables(done, options)
    return 0 if all(one.outcome is not None for one in done) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, metavar="DUMP", help="recorded truth")
    parser.add_argument("--floor", type=Path, required=True, metavar="DUMP", help="recorded floor, of the same tokens")
    parser.add_argument(
        "--checkpoint", type=Path, required=True, metavar="DIR", help="config.json and rank0.safetensors"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="for tables and trials")
    parser.add_argument("--model", type=Path, metavar="DIR", help="the reference's Hugging Face folder")
    parser.add_argument(
        "--candidate", action="append", metavar="SPEC", help="default tensorrt:fp16,tf32=on; repeatable"
    )
    parser.add_argument("--limit", action="append", metavar="NAME=NUMBER", help="default median=1.5; repeatable")
    parser.add_argument("--minutes", type=float, default=20.0, help="for all candidates together (default %(default)s)")
    parser.add_argument("--max-builds", type=int, default=24, help="for each candidate (default %(default)s)")
    parser.add_argument("--rate-ratio", type=float, help="how many times slower products are in fp32")
    parser.add_argument("--no-timing", action="store_true", help="measure no run times, which saves two builds each")
    options = parser.parse_args()
    options.candidate = options.candidate or ["tensorrt:fp16,tf32=on"]
    options.limit = options.limit or ["median=1.5"]
    return options


def _searched(candidate: str, sides: TuneSides, minutes: float, options: argparse.Namespace) -> Searched:
    started = time.monotonic()
    try:
        if minutes < _LEAST_MINUTES:
            raise ParityError("no time is left for it", cure="give more --minutes; the same command goes on")
        outcome = tune(
            _request(candidate, minutes, options), sides, model=options.model, progress=PlainProgress(sys.stderr)
        )
        _print(outcome)
        return Searched(candidate, outcome, time.monotonic() - started)
    except ParityError as error:
        print(f"error: {error}", file=sys.stderr)
        problem = error.problem
    except Exception as error:  # whatever a builder throws, the other candidates have their turn
        traceback.print_exc()
        problem = f"{type(error).__name__}: {error}"
    return Searched(candidate, None, time.monotonic() - started, problem)


def _request(candidate: str, minutes: float, options: argparse.Namespace) -> TuneRequest:
    spec = parse_candidate(candidate)
    asked = CandidateRequest(candidate, checkpoint=options.checkpoint if isinstance(spec, EngineSpec) else None)
    if not isinstance(spec, (EngineSpec, NetworkFile)):
        raise ParityError(f"{candidate}: is built already", cure="give an engine and dtype, or an .onnx file")
    return TuneRequest(
        asked,
        options.out / re.sub(r"[^\w=.-]+", "-", candidate),
        Judging.parse(flags=[], limits=options.limit, strict=False),
        max_builds=options.max_builds,
        minutes=minutes,
        rate_ratio=options.rate_ratio,
        timed=not options.no_timing,
        no_diagnosis=options.model is None,
    )


def _print(outcome: TuneOutcome) -> None:
    for line in (
        *table_lines(outcome.result, outcome.limits, outcome.graph),
        "",
        *result_lines(outcome.result, outcome.limits, outcome.graph),
    ):
        print(line)
    if outcome.summary.seconds_before and outcome.summary.seconds_after:
        print(time_line(outcome.summary.seconds_before, outcome.summary.seconds_after))
    sys.stdout.flush()


def _write_tables(done: Sequence[Searched], options: argparse.Namespace) -> None:
    _write(options.out / "tune_gap.csv", SUMMARY, [_summary(one, options) for one in done])
    kinds = [row for one in done if one.outcome is not None for row in _kinds(one.candidate, one.outcome)]
    _write(options.out / "tune_gap_kinds.csv", KINDS, kinds)
    print(f"written: {options.out / 'tune_gap.csv'}, {options.out / 'tune_gap_kinds.csv'}", file=sys.stderr, flush=True)


def _summary(one: Searched, options: argparse.Namespace) -> Sequence[object]:
    limit, seconds = " ".join(options.limit), round(one.seconds, 1)
    if one.outcome is None:
        empty = [""] * (len(SUMMARY) - 10)
        return [one.candidate, "", "", limit, "failed", "", "", "", seconds, *empty, one.problem]
    outcome, result, summary = one.outcome, one.outcome.result, one.outcome.summary
    before, after = result.before.worst(outcome.limits), result.after.worst(outcome.limits)
    ratio = summary.seconds_after / summary.seconds_before if summary.seconds_before and summary.seconds_after else ""
    return [
        *(one.candidate, _versions(outcome), outcome.candidate.flags.get("device", ""), limit, summary.status),
        *(" ".join(summary.fp32), summary.builds, summary.trials, seconds, len(result.before.readings)),
        *(len(result.before.beyond(outcome.limits)), len(result.after.beyond(outcome.limits))),
        *(_number(before.noise_ratio), before.tap, _number(after.noise_ratio), after.tap),
        *(_milliseconds(summary.seconds_before), _milliseconds(summary.seconds_after), _number(ratio)),
        *(_number(summary.estimated_time), ""),
    ]


def _versions(outcome: TuneOutcome) -> str:
    return " ".join(f"{name} {version}" for name, version in outcome.candidate.versions.items())


def _kinds(candidate: str, outcome: TuneOutcome) -> list[Sequence[object]]:
    result, graph, limits = outcome.result, outcome.graph, outcome.limits
    rows: list[Sequence[object]] = []
    for kind in dict.fromkeys(graph[reading.tap].kind for reading in result.before.readings):
        before = [reading for reading in result.before.readings if graph[reading.tap].kind == kind]
        after = [reading for reading in result.after.readings if graph[reading.tap].kind == kind]
        local = [reading.local_noise_ratio for reading in before if reading.local_noise_ratio is not None]
        rows.append(
            [
                *(candidate, kind, len(before), sum(reading.tap in result.after.fp32 for reading in before)),
                min(limits.for_tap(reading.tap).noise_ratio for reading in before),
                *(sum(reading.is_beyond(limits) for reading in side) for side in (before, after)),
                *_spread([reading.noise_ratio for reading in before]),
                _number(max(local)) if local else "",
                *_spread([reading.noise_ratio for reading in after]),
                _number(max(reading.worst_token_noise_ratio for reading in after)),
            ]
        )
    return rows


def _spread(ratios: Sequence[float]) -> tuple[object, object]:
    """The largest, and the one in the middle."""
    return _number(max(ratios)), _number(sorted(ratios)[len(ratios) // 2])


def _milliseconds(seconds: float | None) -> object:
    return "" if seconds is None else _number(1e3 * seconds)


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    part = path.with_name(f"{path.name}.part")
    with part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
