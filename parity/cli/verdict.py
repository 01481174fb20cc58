"""What a command says at the end of a comparison, and the exit status that goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from parity.cli.status import DIVERGENCE
from parity.comparison import Comparison
from parity.message import first_divergence_sentence, verdict_line

__all__ = ["conclude"]


def conclude(comparison: Comparison, *, written: Sequence[Path], run: Path, quiet: bool, verbose: bool) -> None:
    """Print the verdict, say where the files are, and exit with 1 where the comparison fails.

    Args:
        comparison: what is concluded.
        written: the files that show it.
        run: their folder, for the next command.
        quiet: print two lines.
        verbose: print a line for every tap.
    """
    if quiet:
        typer.echo(first_divergence_sentence(comparison))
        typer.echo(verdict_line(comparison))
    else:
        _print_all(comparison, written, run=run, verbose=verbose)
    if not comparison.passed:
        raise typer.Exit(DIVERGENCE)


def _print_all(comparison: Comparison, written: Sequence[Path], *, run: Path, verbose: bool) -> None:
    from parity.reports.terminal import print_comparison

    print_comparison(comparison, verbose=verbose, run=str(run))
    typer.echo("written: " + ", ".join(map(str, written)))
