"""``parity lint``: a TensorRT-LLM checkpoint beside its Hugging Face model, without running either."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parity.cli import parameters as p
from parity.cli.progress import choose_progress
from parity.cli.status import DIVERGENCE

__all__ = ["lint"]

Model = Annotated[
    Path, typer.Argument(metavar="HF_DIR", help="Folder of the Hugging Face model: config.json and safetensors files.")
]
CheckpointDir = Annotated[
    Path,
    typer.Argument(metavar="CHECKPOINT_DIR", help="Folder of the checkpoint: config.json and rank0.safetensors …"),
]
Json = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write what was checked and found to this file as JSON.")
]


def lint(model: Model, checkpoint: CheckpointDir, json: Json = None, quiet: p.Quiet = False) -> None:
    """Check names, shapes, values, ranks, scales and defaults of a TensorRT-LLM checkpoint; no GPU, no PyTorch.

    \b
    Examples:
      parity lint HF_DIR CHECKPOINT_DIR
      parity lint HF_DIR CHECKPOINT_DIR --quiet --json lint.json

    Exit status: 0 without errors, 1 with errors, 2 misuse or bad input.
    """
    progress = choose_progress(quiet=quiet)
    with progress.step("comparing the checkpoint with the model"):
        from qwen_trt_model.lint import lint as lint_checkpoint

        report = lint_checkpoint(model, checkpoint)
    from parity.cli.lint_findings import print_findings, verdict

    if not quiet:
        print_findings(report.findings)
    typer.echo(verdict(report))
    if json is not None:
        from parity.serial import write_json

        # After the findings: a path that can't be written must not lose them.
        write_json(json, report)
    if not report.passed:
        raise typer.Exit(DIVERGENCE)
