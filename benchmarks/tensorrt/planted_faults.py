"""Faults that real ports have had, planted into the bundled model, run by an engine, and looked for.

    benchmarks/tensorrt/planted_faults.sh OUT

records truth and noise floors and then runs this in the candidate's Python, all faults in one process. Each network,
the sound one first, is built in each dtype, run with all taps as outputs, and compared; what is found goes into a row
of the `--csv` table at once. Rows that are there are not measured again; none is begun that may end after `--seconds`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.tensorrt.entry import enter
from benchmarks.tensorrt.figures import Table, origin_line
from parity.compare_dumps import compare_dumps
from parity.comparison import Comparison
from parity.dtypes import dtype_info
from parity.dump import Dump
from parity.engines.spec import parse_options
from parity.errors import ParityError
from parity.record import record
from parity.runner import Runner
from parity.session import SilentProgress
from parity.session.engines import open_engine
from parity.session.phases import phases_of
from parity.taps import select_taps
from qwen_trt_model import build_network, bundled_model, convert
from qwen_trt_model.faults import build_faulty_network, get_fault

__all__ = ["DEFAULT_CASES", "Case", "FaultRow", "Sides", "examine"]

SOUND = "none"
DEFAULT_CASES = "none,A02:3,A04:2,A06:4,A09,A13,B01:2,B03,C03:1,C04,D04:2,D07:3,G01,A07:1,B07:1,C02:3,A11,B18"
"""Faults in the order of their worth, each in the layer behind its colon or wherever it can be."""


@dataclass(frozen=True)
class Case:
    """A fault, or `SOUND`, and the layer that has it; None for all."""

    fault: str
    layer: int | None = None

    @classmethod
    def parse(cls, text: str) -> Case:
        """Read ``A09`` or ``A02:3``."""
        fault, colon, layer = text.partition(":")
        return cls(fault, int(layer) if colon else None)

    @property
    def expected_tap(self) -> str:
        return "" if self.fault == SOUND else get_fault(self.fault).expected_tap(self.layer)


@dataclass(frozen=True)
class FaultRow:
    """What became of one fault in one dtype.

    Attributes:
        fault, title: which; ``none`` for the sound network.
        layer: the one that has it, or ``all``.
        engine, dtype: what ran it.
        expected_tap: the first tap that differs.
        found_tap: the first tap that fails; empty where none does.
        status: of that tap, ``pass`` where none fails, or what went wrong.
        r, worst_token_r: R of that tap, and of its worst token; the largest of all taps where none fails.
        detected: whether the first failing tap is the expected one.
        build_seconds: what the first run took longer than a second one, which finds the engine built.
        run_seconds: loading the engine, running it and copying its outputs.
        taps, tokens: how many were compared.
    """

    fault: str
    title: str
    layer: str
    engine: str
    dtype: str
    expected_tap: str
    found_tap: str
    status: str
    r: float
    worst_token_r: float
    detected: bool
    build_seconds: float
    run_seconds: float
    taps: int
    tokens: int


@dataclass(frozen=True)
class Sides:
    """What every case shares.

    Attributes:
        truth: dump of the reference.
        floors: dumps of the reference in the candidates' dtypes.
        scratch: folder of checkpoints, networks, engines and dumps.
        engine, engine_options: what runs the networks.
    """

    truth: Dump
    floors: Sequence[Dump]
    scratch: Path
    engine: str
    engine_options: Sequence[str]

    def floor(self, dtype: str) -> Dump:
        return next(floor for floor in self.floors if floor.manifest.runner.dtype == dtype)

    def runner(self, case: Case, dtype: str) -> Runner:
        """The engine of the network with the fault of `case`, not built yet."""
        checkpoint = self.scratch / f"checkpoint-{dtype_info(dtype).short}"
        if not (checkpoint / "config.json").is_file():
            convert(bundled_model(), checkpoint, dtype=dtype)
        out = checkpoint / f"network.{case.fault}.{case.layer}.onnx"
        if case.fault == SOUND:
            network = build_network(checkpoint, out=out)
        else:
            network = build_faulty_network(checkpoint, case.fault, layer=case.layer, out=out)
        options = parse_options(self.engine, list(self.engine_options))
        return open_engine(self.engine, network, None, None, options=options, progress=SilentProgress())


def main() -> None:
    """Plant what is left to plant; exit with 1 if one is missed."""
    options = _options()
    dtypes = [dtype_info(dtype).name for dtype in options.dtypes.split(",")]
    cases = [Case.parse(text) for text in options.cases.split(",")]
    engine_options = [text for text in options.engine_options.split(",") if text]
    truth, *floors = (Dump.open(path) for path in (options.truth, *options.floor))
    sides = Sides(truth, floors, options.scratch, options.engine, engine_options)
    with _one_builder_kept(options.engine):
        table = Table(options.csv, FaultRow, origin=origin_line())
        table.rows = [row for row in table.rows if not row.status.startswith("error")]
        _examine_all([(case, dtype) for case in cases for dtype in dtypes], sides, table, options.seconds)
    sys.exit(_conclude(table.rows))


def _examine_all(plan: Sequence[tuple[Case, str]], sides: Sides, table: Table[FaultRow], seconds: float) -> None:
    began, longest = time.perf_counter(), 0.0
    for case, dtype in plan:
        if any((row.fault, row.layer, row.dtype) == (case.fault, _layer(case), dtype) for row in table.rows):
            continue
        started = time.perf_counter()
        if started - began + longest > seconds:
            print(f"stopped after {started - began:.0f} s: {case.fault} in {dtype} and what follows is left for later")
            return
        row = _examine_or_say(case, dtype, sides)
        longest = max(longest, time.perf_counter() - started)
        table.add(row)
        print(_line(row), flush=True)


def _examine_or_say(case: Case, dtype: str, sides: Sides) -> FaultRow:
    try:
        return examine(case, dtype, sides)
    except ParityError as error:
        return _row(case, dtype, sides, status=f"error: {error.problem}")


def examine(case: Case, dtype: str, sides: Sides) -> FaultRow:
    """Build, run and compare one network.

    Raises:
        ParityError: the engine can't be built or run.
    """
    runner, phases = sides.runner(case, dtype), phases_of(sides.truth)
    taps = select_taps(runner.describe().graph, "all")
    recorded: list[Dump] = []
    out = sides.scratch / "candidate"
    first = _seconds(lambda: recorded.append(record(runner, phases, taps=taps, role="candidate", out=out)))
    again = _seconds(lambda: runner.capture(phases[0], taps, lambda name, array: None))
    comparison = compare_dumps(sides.truth, recorded[0], floors=[sides.floor(dtype)])
    return _judged(_row(case, dtype, sides, status="pass", build=max(first - again, 0.0), run=again), comparison)


def _judged(row: FaultRow, comparison: Comparison) -> FaultRow:
    first = comparison.first_divergence
    noises = [row.noise for row in ([first] if first else comparison.rows) if row.noise is not None]
    found = first.tap if first else ""
    return replace(
        row,
        found_tap=found,
        status=first.status if first else "pass",
        r=max((noise.noise_ratio for noise in noises), default=0.0),
        worst_token_r=max((noise.worst_token_noise_ratio for noise in noises), default=0.0),
        detected=found == row.expected_tap and row.expected_tap != "",
        taps=sum(1 for compared in comparison.rows if compared.errors is not None or compared.non_finite is not None),
    )


def _row(case: Case, dtype: str, sides: Sides, *, status: str, build: float = 0.0, run: float = 0.0) -> FaultRow:
    return FaultRow(
        fault=case.fault,
        title="no fault planted" if case.fault == SOUND else get_fault(case.fault).title,
        layer=_layer(case),
        engine=sides.engine,
        dtype=dtype,
        expected_tap=case.expected_tap,
        found_tap="",
        status=status,
        r=0.0,
        worst_token_r=0.0,
        detected=False,
        build_seconds=build,
        run_seconds=run,
        taps=0,
        tokens=sum(phases_of(sides.truth)[0].tokens.lengths),
    )


def _layer(case: Case) -> str:
    return "all" if case.layer is None else str(case.layer)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


@contextmanager
def _one_builder_kept(engine: str) -> Iterator[None]:
    """TensorRT loads its kernels with the first builder and may drop them with the last: keep one, say the times."""
    if engine != "tensorrt":
        yield
        return
    from parity.engines.tensorrt.installed import import_polygraphy_trt, import_tensorrt

    trt, logger = import_tensorrt(), import_polygraphy_trt().get_trt_logger()
    kept: list[object] = []
    first = _seconds(lambda: kept.append(trt.Builder(logger)))
    second = _seconds(lambda: kept.append(trt.Builder(logger)))
    print(f"first builder {first:.1f} s, second {second:.1f} s", flush=True)
    del kept[1:]
    yield


def _line(row: FaultRow) -> str:
    found = f"{row.found_tap} {row.status}" if row.found_tap else row.status
    mark = "found" if row.detected else "as it should be" if row.fault == SOUND and not row.found_tap else "MISSED"
    times = f"R {row.r:.3g}; build {row.build_seconds:.1f} s, run {row.run_seconds:.1f} s"
    return f"{row.fault:5} {row.layer:>3} {row.dtype:8} {mark}: expected {row.expected_tap or '-'}, {found}, {times}"


def _conclude(rows: Sequence[FaultRow]) -> int:
    """Print the counts; 0 if every fault was found and no sound network failed."""
    wrong = 0
    for dtype in dict.fromkeys(row.dtype for row in rows):
        faults = [row for row in rows if row.dtype == dtype and row.fault != SOUND]
        found = sum(row.detected for row in faults)
        false_alarms = sum(bool(row.found_tap) for row in rows if row.dtype == dtype and row.fault == SOUND)
        wrong += len(faults) - found + false_alarms
        print(f"{dtype}: {found} of {len(faults)} faults at the right tap, {false_alarms} false alarms")
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--truth", type=Path, required=True, help="dump of the bundled model, all taps")
    parser.add_argument("--floor", type=Path, action="append", required=True, help="dump in a candidate's dtype")
    parser.add_argument("--scratch", type=Path, required=True, help="folder for checkpoints, engines and dumps")
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--engine", default="tensorrt")
    parser.add_argument("--engine-options", default="", help="such as level=0,tactic_sources=none")
    parser.add_argument("--dtypes", default="fp16,fp32")
    parser.add_argument("--cases", default=DEFAULT_CASES, help=f"default: {DEFAULT_CASES}")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin nothing that may end later")
    return parser.parse_args()


if __name__ == "__main__":
    enter(main)
