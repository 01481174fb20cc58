"""``parity selftest``: what this tool finds of faults that it planted itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parity.cli import parameters as p
from parity.cli.progress import choose_progress
from parity.cli.status import DIVERGENCE
from parity.dtypes import dtype_info

__all__ = ["selftest"]

Dtypes = Annotated[
    str, typer.Option("--dtype", metavar="LIST", help="What the candidates compute in, with commas between.")
]
FaultIds = Annotated[str, typer.Option("--fault", metavar="LIST", help="Run these faults alone, with commas between.")]
Short = Annotated[bool, typer.Option("--short", help="Run a selection that takes less than a minute.")]
Blind = Annotated[
    int, typer.Option("--blind", min=0, metavar="N", help="Run N faults whose sizes are drawn at random instead.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Of what is drawn at random.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for selftest.csv.")]
List = Annotated[bool, typer.Option("--list", help="Say what is planted, and what is left out and why; run nothing.")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, metavar="N", help="Processes.")]


def selftest(
    dtype: Dtypes = "fp32,fp16",
    fault: FaultIds = "",
    short: Short = False,
    blind: Blind = 0,
    seed: Seed = 0,
    out: Out = Path("runs/selftest"),
    jobs: Jobs = 2,
    list_faults: List = False,
    quiet: p.Quiet = False,
    verbose: p.Verbose = False,
) -> None:
    """Plant known faults into a small model, run them in ONNX Runtime, and measure what is found.

    \b
    Examples:
      parity selftest
      parity selftest --fault B01,C05 --dtype fp32
      parity selftest --blind 100 --seed 7
      parity selftest --list

    Exit status: 0 all targets are met, 1 they are not, 2 misuse or bad input.
    """
    if list_faults:
        from parity.selftest.listing import listing_lines

        for line in listing_lines():
            typer.echo(line)
        return
    from parity.selftest.report import report_lines
    from parity.selftest.session import SelfTestRequest, run_selftest
    from parity.selftest.summary import unmet

    request = SelfTestRequest(
        dtypes=tuple(dtype_info(name.strip()).name for name in dtype.split(",")),
        fault_ids=tuple(name.strip() for name in fault.split(",") if name.strip()),
        short=short,
        drawn=blind,
        seed=seed,
        jobs=jobs,
        out=out,
    )
    result = run_selftest(request, progress=choose_progress(quiet=quiet))
    for line in report_lines(result, verbose=verbose, quiet=quiet):
        typer.echo(line)
    if unmet(result.outcomes):
        raise typer.Exit(DIVERGENCE)
