"""``parity tune``: which operations have to run in fp32."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parity import options
from parity.cli import parameters as p
from parity.cli.progress import choose_progress
from parity.cli.status import DIVERGENCE
from parity.errors import ParityError
from parity.session import CandidateRequest, InputRequest, Judging, Progress, ReferenceRequest, TuneRequest

if TYPE_CHECKING:
    from parity.session.tune import TuneOutcome

__all__ = ["tune"]

_SEARCH = "How long it searches"
_DEFAULTS = TuneRequest(CandidateRequest(""), Path())

Out = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Folder for what the search makes: precision.json, tune.csv, trials.csv, and what it recorded. A search "
        "that was cut off goes on there.",
    ),
]
ReferenceDump = Annotated[
    Path | None,
    typer.Option("--reference-dump", metavar="DUMP", help="Recorded truth; with --floor, PyTorch is not needed."),
]
FloorDump = Annotated[
    Path | None,
    typer.Option("--floor", metavar="DUMP", help="Recorded noise floor in the candidate's dtype, of the same tokens."),
]
MaxBuilds = Annotated[
    int, typer.Option("--max-builds", min=1, help="Networks that may be built.", rich_help_panel=_SEARCH)
]
Minutes = Annotated[
    float | None,
    typer.Option("--minutes", min=0, help="No build begins that would end later.", rich_help_panel=_SEARCH),
]
RateRatio = Annotated[
    float | None,
    typer.Option(
        "--rate-ratio",
        min=1,
        help="How many times slower matrix products are in fp32, to choose the cheaper of two answers. Without it, 2 "
        "where they run on tensor cores, 16 where they don't, 1 where they sum in fp32 anyway.",
        rich_help_panel=_SEARCH,
    ),
]
NoTiming = Annotated[
    bool,
    typer.Option(
        "--no-timing",
        help="Do not measure what the answer costs, which takes two more builds.",
        rich_help_panel=_SEARCH,
    ),
]


def tune(
    candidate: p.CandidateSpec,
    out: Out,
    reference: p.OptionalReference = options.REFERENCE.default,
    reference_dump: ReferenceDump = None,
    floor: FloorDump = None,
    prompts: p.Prompts = options.PROMPTS.default,
    chat_template: p.ChatTemplate = options.CHAT_TEMPLATE.default,
    tokens: p.Tokens = options.TOKENS.default,
    checkpoint: p.Checkpoint = options.CHECKPOINT.default,
    mapping: p.Mapping = options.MAPPING.default,
    truth: p.Truth = options.TRUTH.default,
    attention: p.Attention = options.ATTENTION.default,
    device: p.Device = options.DEVICE.default,
    no_diagnosis: p.NoDiagnosis = options.NO_DIAGNOSIS.default,
    limit: p.Limits = [],  # noqa: B006  (typer copies it)
    max_builds: MaxBuilds = _DEFAULTS.max_builds,
    minutes: Minutes = None,
    rate_ratio: RateRatio = None,
    no_timing: NoTiming = False,
    quiet: p.Quiet = False,
) -> None:
    """Find which operations have to run in fp32 so that every tap is within limits, with few builds.

    Casts in the network put them there, so it works for strongly typed engines too.

    \b
    Examples:
      parity tune --reference DIR --limit median=1.5 --out runs/tune \\
                  --candidate tensorrt:fp16,accumulation=engine,tf32=on
      parity run --reference DIR --precision runs/tune/precision.json \\
                 --candidate tensorrt:fp16,accumulation=engine,tf32=on \\
                 --out runs/tuned

    Exit status: 0 every tap can be brought within limits, 1 not, 2 misuse or bad input.
    """
    request = TuneRequest(
        CandidateRequest(candidate, checkpoint=checkpoint, mapping=mapping),
        out,
        Judging.parse(flags=[], limits=limit, strict=False),
        max_builds=max_builds,
        minutes=minutes,
        rate_ratio=rate_ratio,
        timed=not no_timing,
        no_diagnosis=no_diagnosis,
    )
    model = None if reference is None else ReferenceRequest(reference, truth=truth, attention=attention, device=device)
    inputs = InputRequest(prompts, chat_template=chat_template, tokens=tokens)
    progress = choose_progress(quiet=quiet)
    if reference_dump is not None and floor is not None:
        _refuse_idle(inputs, model)
        outcome = _tune_dumps(request, reference, reference_dump, floor, progress)
    elif model is None or reference_dump is not None or floor is not None:
        raise ParityError(
            "there is nothing to hold the candidate to",
            cure=f"give {options.REFERENCE.flag} DIR, or recorded dumps with --reference-dump and --floor",
        )
    else:
        outcome = _tune_model(request, model, inputs, progress)
    _conclude(outcome, quiet=quiet)


def _refuse_idle(inputs: InputRequest, model: ReferenceRequest | None) -> None:
    if inputs != InputRequest() or (model is not None and model != ReferenceRequest(model.source)):
        raise ParityError(
            "recorded dumps hold their own tokens, and were recorded as they were",
            cure="leave out the options that say what a reference is recorded from and how",
        )


def _tune_dumps(
    request: TuneRequest, reference: str | None, truth: Path, floor: Path, progress: Progress
) -> TuneOutcome:
    from parity.dump import Dump
    from parity.session.model_folder import model_folder
    from parity.session.tune import tune as search
    from parity.session.tune_bench import TuneSides

    sides = TuneSides(Dump.open(truth), Dump.open(floor))
    model = None if reference is None else model_folder(reference)
    return search(request, sides, model=model, progress=progress)


def _tune_model(request: TuneRequest, model: ReferenceRequest, inputs: InputRequest, progress: Progress) -> TuneOutcome:
    with progress.step("loading PyTorch"):
        from parity.session.tune import tune as search
        from parity.session.tune_sides import record_sides

    sides, folder = record_sides(request, model, inputs, progress=progress)
    return search(request, sides, model=folder, progress=progress)


def _conclude(outcome: TuneOutcome, *, quiet: bool) -> None:
    from parity.tune import STATUSES, result_lines, table_lines, time_line

    summary = outcome.summary
    if quiet:
        typer.echo(STATUSES[summary.status])
    else:
        for line in table_lines(outcome.result, outcome.limits, outcome.graph):
            typer.echo(line)
        typer.echo()
        for line in result_lines(outcome.result, outcome.limits, outcome.graph):
            typer.echo(line)
        if summary.seconds_before and summary.seconds_after:
            typer.echo(time_line(summary.seconds_before, summary.seconds_after))
        typer.echo("written: " + ", ".join(map(str, outcome.written)))
    if summary.status in ("cannot be met", "out of budget"):
        raise typer.Exit(DIVERGENCE)
