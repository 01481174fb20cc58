"""``parity report``: the views of a run that is there already, or one tap in depth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from parity import options
from parity.cli import parameters as p
from parity.cli.status import DIVERGENCE
from parity.cli.verdict import conclude
from parity.comparison import Comparison
from parity.session import Judging

__all__ = ["report"]

_WIDTH_IN_A_PIPE = 100

Run = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run, by `parity run` or `parity compare`.")]
Tap = Annotated[
    str | None, typer.Option("--tap", metavar="NAME", help="Show this tap in depth, for example layers.3.attn_out.")
]
PhaseName = Annotated[
    str | None, typer.Option("--phase", metavar="NAME", help="Which phase of the tap; by default its first.")
]


def report(
    run: Run,
    tap: Tap = None,
    phase: PhaseName = None,
    flag: p.Flags = [],  # noqa: B006  (typer copies it)
    limit: p.Limits = [],  # noqa: B006
    strict: p.Strict = options.STRICT.default,
    quiet: p.Quiet = False,
    verbose: p.Verbose = False,
) -> None:
    """Write the views of a run again, by other limits where asked for, or show one tap in depth.

    \b
    Examples:
      parity report runs/first
      parity report runs/first --tap layers.3.attn_out
      parity report runs/first --limit median=1.5 --strict

    Exit status: 0 parity, 1 divergence, 2 misuse or bad input; with --tap, the verdict of that tap.
    """
    from parity.session.stored import load_run

    comparison = load_run(run, judging=Judging.parse(flags=flag, limits=limit, strict=strict))
    if tap is not None:
        _show_tap(comparison, tap, phase=phase, run=run)
        return
    from parity.session.views import write_views

    conclude(comparison, written=write_views(comparison, run), run=run, quiet=quiet, verbose=verbose)


def _show_tap(comparison: Comparison, tap: str, *, phase: str | None, run: Path) -> None:
    from rich.console import Console

    from parity.cli.tap_details import print_tap

    row = comparison.row(tap, phase=phase)
    console = Console(width=None if sys.stdout.isatty() else _WIDTH_IN_A_PIPE)
    print_tap(comparison, row, console=console, run=str(run))
    if row.fails(strict=comparison.limits.strict):
        raise typer.Exit(DIVERGENCE)
