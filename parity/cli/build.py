"""``parity build``: checkpoint and network, to look at, to mark and to run elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parity import options
from parity.cli import parameters as p
from parity.cli.progress import choose_progress
from parity.errors import ParityError

__all__ = ["build"]

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder for checkpoint and network; needed with --reference."),
]


def build(
    reference: p.OptionalReference = options.REFERENCE.default,
    dtype: p.OptionalDtype = options.DTYPE.default,
    out: Out = None,
    checkpoint: p.Checkpoint = options.CHECKPOINT.default,
    precision: p.Precision = options.PRECISION.default,
    quiet: p.Quiet = False,
) -> None:
    """Convert a Hugging Face model to a TensorRT-LLM checkpoint, and build its network.onnx beside the weights.

    \b
    Examples:
      parity build --reference DIR --dtype fp16 --out build/fp16
      parity build --checkpoint TENSORRT_LLM_CHECKPOINT

    Open network.onnx in Netron, mark outputs, run it, or judge it:
    parity run --reference DIR --candidate build/fp16/network.onnx --out runs/first
    """
    from parity.engines.precision_file import read_precision
    from parity.engines.tapped_network import open_network
    from parity.session.model_folder import model_folder
    from parity.session.network import build_from_checkpoint, build_from_model
    from parity.session.precision import precise_network

    progress = choose_progress(quiet=quiet)
    assignment = None if precision is None else read_precision(precision)
    if checkpoint is not None:
        model = None if reference is None else model_folder(reference)
        network = build_from_checkpoint(checkpoint, model=model, dtype=dtype, progress=progress)
    elif reference is None or dtype is None or out is None:
        given = {"--reference": reference, "--dtype": dtype, "--out": out}
        lacking = " and ".join(name for name, value in given.items() if value is None)
        problem = f"there is nothing to build: no {lacking}" if any(given.values()) else "there is nothing to build"
        raise ParityError(problem, cure="give --reference, --dtype and --out, or --checkpoint")
    else:
        network = build_from_model(model_folder(reference), out, dtype=dtype, progress=progress)
    if assignment is not None:
        network = precise_network(open_network(network, graph=None, mapping=None), assignment)
    typer.echo(f"written: {network}")
