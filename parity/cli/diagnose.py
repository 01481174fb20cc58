"""``parity diagnose``: what is wrong in a run that is there already, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parity import options
from parity.cli import parameters as p
from parity.cli.progress import choose_progress
from parity.cli.verdict import conclude
from parity.session import Judging

__all__ = ["diagnose"]

Run = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run, with its dumps.")]


def diagnose(
    run: Run,
    reference: p.ReferenceFolder = options.REFERENCE.default,
    flag: p.Flags = [],  # noqa: B006  (typer copies it)
    limit: p.Limits = [],  # noqa: B006
    strict: p.Strict = options.STRICT.default,
    quiet: p.Quiet = False,
    verbose: p.Verbose = False,
) -> None:
    """Take the errors of a run apart, look for their causes and costs, and write its views again.

    Needs its dumps and the reference's Hugging Face model, neither PyTorch nor an engine. `parity run` does this by
    itself.

    \b
    Examples:
      parity diagnose runs/first
      parity diagnose runs/first --reference DIR

    Exit status: 0 parity, 1 divergence, 2 misuse or bad input.
    """
    from parity.session.stored import diagnose_run
    from parity.session.views import write_views

    judging = Judging.parse(flags=flag, limits=limit, strict=strict)
    progress = choose_progress(quiet=quiet)
    comparison = diagnose_run(run, reference=reference, judging=judging, progress=progress)
    with progress.step("writing the report"):
        written = write_views(comparison, run)
    conclude(comparison, written=written, run=run, quiet=quiet, verbose=verbose)
