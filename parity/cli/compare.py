"""``parity compare``: two dumps, made here or elsewhere, to a verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from parity import options
from parity.cli import parameters as p
from parity.cli.progress import choose_progress
from parity.cli.verdict import conclude
from parity.session import Judging

__all__ = ["compare"]

ReferenceDump = Annotated[Path, typer.Argument(metavar="REF_DUMP", help="Dump of the reference: the truth.")]
CandidateDump = Annotated[Path, typer.Argument(metavar="CAND_DUMP", help="Dump of the candidate.")]
FloorDumps = Annotated[
    list[Path],
    typer.Option(
        "--floor",
        metavar="DUMP",
        help="Dump of the reference in the candidate's dtype; of several, the noisiest counts for each tap.",
    ),
]


def compare(
    reference: ReferenceDump,
    candidate: CandidateDump,
    out: p.Out,
    floor: FloorDumps = [],  # noqa: B006  (typer copies it)
    model: p.ReferenceFolder = options.REFERENCE.default,
    flag: p.Flags = [],  # noqa: B006
    limit: p.Limits = [],  # noqa: B006
    strict: p.Strict = options.STRICT.default,
    quiet: p.Quiet = False,
    verbose: p.Verbose = False,
) -> None:
    """Compare two dumps, layer by layer; needs neither PyTorch nor an engine.

    With the reference's Hugging Face model at hand, say what is wrong and why.

    \b
    Example:
      parity compare dumps/reference dumps/candidate --floor dumps/floor \\
                     --reference DIR --out runs/first

    Exit status: 0 parity, 1 divergence, 2 misuse or bad input.
    """
    judging = Judging.parse(flags=flag, limits=limit, strict=strict)
    progress = choose_progress(quiet=quiet)
    with progress.step("reading the dumps"):
        from parity.dump import Dump
        from parity.session.diagnosis import diagnose, reference_folder
        from parity.session.dumps import RunDumps
        from parity.session.views import write_views

        sides = [Dump.open(path) for path in (reference, candidate, *floor)]
        dumps = RunDumps(sides[0], sides[1], tuple(sides[2:]))
        folder = None if model is None else reference_folder(dumps.reference, asked=model)
    with progress.step("comparing"):
        limits = judging.limits_for(dumps.candidate.manifest.runner.dtype)
        comparison = dumps.compare(limits=limits, relative_to=out)
    if folder is None:
        comparison = replace(comparison, undiagnosed=f"no {options.REFERENCE.flag} was given, whose weights it takes")
    else:
        comparison = diagnose(comparison, dumps, folder=folder, progress=progress)
    with progress.step("writing the report"):
        written = write_views(comparison, out)
    conclude(comparison, written=written, run=out, quiet=quiet, verbose=verbose)
