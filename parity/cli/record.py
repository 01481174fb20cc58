"""``parity record``: one side alone, into a dump, here or on another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parity import options
from parity.cli import parameters as p
from parity.cli.progress import choose_progress
from parity.dump import Dump
from parity.session import CandidateRequest, EngineChecks, InputRequest, ReferenceRequest

__all__ = ["record_app"]

FloorDumps = Annotated[
    list[Path],
    typer.Option("--floor", metavar="DUMP", help="Dump of the noise floor, which --probe-sets are judged by."),
]

record_app = typer.Typer(rich_markup_mode="rich")


@record_app.callback(invoke_without_command=True)
def record(context: typer.Context) -> None:
    """Record one side alone, into a dump: the reference first, then floor and candidate from its tokens.

    \b
    Example:
      parity record reference --reference DIR --prompts prompts.txt \\
                              --out dumps/reference
      parity record floor --reference DIR --dtype fp16 \\
                          --tokens dumps/reference --out dumps/floor
      parity record candidate --reference DIR --candidate onnxruntime:fp16 \\
                              --tokens dumps/reference --out dumps/candidate
      parity compare dumps/reference dumps/candidate --floor dumps/floor \\
                     --out runs/first
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@record_app.command("reference")
def record_reference(
    reference: p.Reference,
    out: p.DumpOut,
    prompts: p.Prompts = options.PROMPTS.default,
    chat_template: p.ChatTemplate = options.CHAT_TEMPLATE.default,
    tokens: p.Tokens = options.TOKENS.default,
    taps: p.TapsOfTokens = None,
    truth: p.Truth = options.TRUTH.default,
    attention: p.Attention = options.ATTENTION.default,
    device: p.Device = options.DEVICE.default,
    quiet: p.Quiet = False,
) -> None:
    """Record the Hugging Face model in high precision: the truth that everything else is judged by.

    \b
    Example:
      parity record reference --reference DIR --prompts prompts.txt \\
                              --out dumps/reference
    """
    progress = choose_progress(quiet=quiet)
    with progress.step("loading PyTorch"):
        from parity.session.reference import record_truth
    model = ReferenceRequest(reference, truth=truth, attention=attention, device=device)
    inputs = InputRequest(prompts, chat_template=chat_template, tokens=tokens)
    _conclude(record_truth(model, inputs, taps=taps, out=out, progress=progress), quiet=quiet)


@record_app.command("floor")
def record_floor(
    reference: p.Reference,
    dtype: p.Dtype,
    tokens: p.RequiredTokens,
    out: p.DumpOut,
    taps: p.TapsOfTokens = None,
    attention: p.Attention = options.ATTENTION.default,
    device: p.Device = options.DEVICE.default,
    quiet: p.Quiet = False,
) -> None:
    """Record the noise floor: the Hugging Face model in the candidate's dtype.

    \b
    Example:
      parity record floor --reference DIR --dtype fp16 \\
                          --tokens dumps/reference --out dumps/floor
    """
    progress = choose_progress(quiet=quiet)
    with progress.step("loading PyTorch"):
        from parity.session.reference import record_floor as record
    model = ReferenceRequest(reference, attention=attention, device=device)
    _conclude(record(model, tokens, dtype=dtype, taps=taps, out=out, progress=progress), quiet=quiet)


@record_app.command("candidate")
def record_candidate(
    candidate: p.CandidateSpec,
    tokens: p.RequiredTokens,
    out: p.DumpOut,
    reference: p.OptionalReference = options.REFERENCE.default,
    checkpoint: p.Checkpoint = options.CHECKPOINT.default,
    mapping: p.Mapping = options.MAPPING.default,
    precision: p.Precision = options.PRECISION.default,
    memory: p.Memory = options.MEMORY.default,
    taps: p.TapsOfTokens = None,
    observer: p.Observer = options.OBSERVER.default,
    rebuild_noise: p.RebuildNoise = options.REBUILD_NOISE.default,
    probe_sets: p.ProbeSets = options.PROBE_SETS.default,
    check_aliasing: p.CheckAliasing = options.CHECK_ALIASING.default,
    floor: FloorDumps = [],  # noqa: B006  (typer copies it)
    quiet: p.Quiet = False,
) -> None:
    """Record the port, on the tokens of the reference's dump; needs an engine and no PyTorch.

    \b
    Examples:
      parity record candidate --reference DIR --candidate onnxruntime:fp16 \\
                              --tokens dumps/reference --out dumps/candidate
      parity record candidate --candidate port.onnx \\
                              --tokens dumps/reference --out dumps/candidate
    """
    from parity.session.candidate import record_candidate as record
    from parity.session.model_folder import model_folder

    model = None if reference is None else model_folder(reference)
    checks = EngineChecks(observer, rebuild_noise, probe_sets, check_aliasing)
    asked = CandidateRequest(candidate, checkpoint, mapping, precision, memory=memory, checks=checks)
    progress = choose_progress(quiet=quiet)
    _conclude(record(asked, tokens, model=model, taps=taps, out=out, progress=progress, floors=floor), quiet=quiet)


def _conclude(dump: Dump, *, quiet: bool) -> None:
    manifest = dump.manifest
    taps = sum(len(phase.taps) for phase in manifest.phases)
    if not quiet:
        typer.echo(f"written: {dump.path} ({taps} taps in {manifest.runner.dtype}, {manifest.seconds:.1f} s)")
