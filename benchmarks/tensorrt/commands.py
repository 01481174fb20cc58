"""Runs several `parity` commands in one process, so that PyTorch or TensorRT is loaded once and not for each.

    printf '%s\n' 'record reference --reference DIR --out dumps/reference' \\
                  'record floor --reference DIR --dtype fp16 --tokens dumps/reference --out dumps/floor' |
        python3 -m benchmarks.tensorrt.commands --costs costs.csv [--seconds 300]

Reads one command a line, as the shell would read it after the word `parity`. A command that fails does not keep the
next from running; none is begun after `--seconds`. What each cost goes into a row of the `--costs` table. Exit status:
the worst of the commands' own, where 1 (a divergence was found) counts as success.
"""

from __future__ import annotations

import argparse
import gc
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tensorrt.figures import Table, origin_line
from benchmarks.tensorrt.meter import metered

__all__ = ["CommandCost", "run_command", "run_commands"]

_DIVERGENCE, _NOT_BEGUN = 1, 75


@dataclass(frozen=True)
class CommandCost:
    """One command that was run.

    Attributes:
        command: what was typed after `parity`.
        status: its exit status: 0 parity, 1 divergence, 2 misuse; 75 where it was not begun, for lack of time.
        seconds, gpu_peak_mib, host_peak_mib: as `benchmarks.tensorrt.meter.Cost` has them.
    """

    command: str
    status: int
    seconds: float
    gpu_peak_mib: int
    host_peak_mib: int


def main() -> None:
    """Run what standard input says; exit with the worst status."""
    options = _options()
    costs = run_commands(sys.stdin.read().splitlines(), costs=options.costs, seconds=options.seconds)
    sys.exit(max((cost.status for cost in costs if cost.status != _DIVERGENCE), default=0))


def run_commands(lines: list[str], *, costs: Path, seconds: float) -> list[CommandCost]:
    """Run each of `lines` that is not empty, and keep what it cost in the table `costs`."""
    began, done = time.perf_counter(), []
    for line in filter(None, map(str.strip, lines)):
        left = seconds - (time.perf_counter() - began)
        print(f"\n$ parity {line}", flush=True)
        cost = run_command(line) if left > 0 else CommandCost(line, _NOT_BEGUN, 0.0, 0, 0)
        print(f"  status {cost.status}, {cost.seconds:.1f} s, GPU {cost.gpu_peak_mib} MiB", flush=True)
        # Only now: what the commands import is what the comment line lists.
        Table(costs, CommandCost, origin=origin_line()).add(cost)
        done.append(cost)
    return done


def run_command(line: str) -> CommandCost:
    """Run one command of `parity` in this process."""
    from parity.cli import main as parity

    before, sys.argv = sys.argv, ["parity", *shlex.split(line)]
    try:
        with metered() as cost:
            try:
                parity()
                status = 0
            except SystemExit as finished:
                status = finished.code if isinstance(finished.code, int) else 0
    finally:
        sys.argv = before
        _free_gpu_memory()
    return CommandCost(line, status, cost.seconds, cost.gpu_peak_mib, cost.host_peak_mib)


def _free_gpu_memory() -> None:
    """Give back what PyTorch keeps for later: the next command's peak should be its own."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--costs", type=Path, required=True, help="table to add a row to for each command")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no command after this many")
    return parser.parse_args()


if __name__ == "__main__":
    main()
