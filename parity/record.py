"""Recording one side into a dump: the runner computes, this checks what came back and writes it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.dtypes import dtype_info
from parity.dump import SCHEMA_VERSION, Dump, DumpWriter, Manifest, PhaseRecord, whole_folder
from parity.errors import ParityError
from parity.runner import ENGINES_FLAG, InspectableRunner, Runner, RunnerInfo, SplittingRunner
from parity.taps import Tap
from parity.tokens import Phase
from parity.version import VERSION

__all__ = ["canonical", "record"]


def record(runner: Runner, phases: Sequence[Phase], *, taps: Sequence[Tap], role: str, out: Path) -> Dump:
    """Run `phases` and keep `taps` of each in a dump at `out`.

    The dump appears whole or not at all. A dump that stood at `out` is replaced.

    Args:
        runner: the side to record.
        phases: forward passes, in order.
        taps: what to keep; those that the runner declares not observable are left out, and the manifest says so.
        role: ``reference``, ``floor`` or ``candidate``.
        out: folder to make.

    Raises:
        ParityError: the runner returned a tap twice, not at all, unasked, in a shape that is not the tap's or in
            a dtype that holds no real numbers; `out` can't be written.
    """
    started = time.perf_counter()
    info = runner.describe()
    observable = [tap for tap in taps if tap.name not in info.not_observable]
    if not observable:
        raise ParityError(f"{info.name} gives none of the {len(taps)} taps asked for", cure="ask for other --taps")
    with whole_folder(Path(out)) as folder:
        writer = DumpWriter(folder)
        records, engines = [], 1
        for phase in phases:
            records.append(_record_phase(runner, phase, observable, writer))
            engines = max(engines, runner.engines() if isinstance(runner, SplittingRunner) else 1)
        seconds = round(time.perf_counter() - started, 3)
        info = _with_what_ran(info, runner, engines)
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        writer.finish(Manifest(SCHEMA_VERSION, role, info, tuple(records), VERSION, now, seconds))
    return Dump.open(Path(out))


def _with_what_ran(info: RunnerInfo, runner: Runner, engines: int) -> RunnerInfo:
    """`info` with what only a capture tells: the engines' layers, and how many `engines` there were if not one."""
    if isinstance(runner, InspectableRunner):
        info = replace(info, layers=runner.layers())
    if engines > 1:
        info = replace(info, flags={**info.flags, ENGINES_FLAG: str(engines)})
    return info


def _record_phase(runner: Runner, phase: Phase, taps: Sequence[Tap], writer: DumpWriter) -> PhaseRecord:
    awaited = {tap.name: tap for tap in taps}
    writer.begin(phase)

    def sink(name: str, array: npt.NDArray[Any]) -> None:
        tap = awaited.pop(name, None)
        if tap is None:
            asked = name in {tap.name for tap in taps}
            raise ParityError(f"runner returned tap {name!r} " + ("twice" if asked else "unasked"))
        writer.add(tap, canonical(array, tap, phase))

    runner.capture(phase, taps, sink)
    if awaited:
        raise ParityError(f"runner did not return {len(awaited)} of {len(taps)} taps: {', '.join(awaited)}")
    order = {tap.name: place for place, tap in enumerate(taps)}
    record = writer.end(phase)
    return replace(record, taps=tuple(sorted(record.taps, key=lambda tap: order[tap.name])))


def canonical(array: npt.NDArray[Any], tap: Tap, phase: Phase) -> npt.NDArray[Any]:
    """`array` with the axes of `tap`, contiguous, in memory of its own.

    Heads and channels that come flattened are taken apart.

    Raises:
        ParityError: shape or dtype are not the tap's.
    """
    dtype_info(array.dtype.name)
    batch, token = phase.tokens.ids.shape
    lengths = {"batch": batch, "token": token, "key": token}
    shape = tuple(lengths.get(axis, size) for axis, size in zip(tap.axes, tap.sizes, strict=True))
    flattened = (batch, token, int(np.prod([size for size in tap.sizes if size is not None])))
    if array.shape not in (shape, flattened):
        raise ParityError(
            f"tap {tap.name!r}: expected shape {shape} as {tap.axes}, found {tuple(array.shape)}",
            cure="check which tensor carries this name",
        )
    return np.array(array, order="C", copy=True).reshape(shape)
