"""``parity demo``: the main job on the model that ships with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parity import options
from parity.cli import parameters as p
from parity.cli.run import run_and_conclude
from parity.errors import ParityError
from parity.session import CandidateRequest, EngineChecks, InputRequest, PlantedFault, ReferenceRequest, RunRequest

__all__ = ["demo"]

CandidateSpec = Annotated[
    str, typer.Option("--candidate", metavar="ENGINE:DTYPE", help="What the bundled model is run as.")
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for everything that the run makes.")]
FaultId = Annotated[
    str | None,
    typer.Option("--fault", metavar="ID", help="Plant this defect into the network, to see a failing report."),
]
Layer = Annotated[int | None, typer.Option("--layer", min=0, metavar="N", help="Plant the fault into this layer only.")]

Size = Annotated[
    str,
    typer.Option("--size", metavar="SIZE", help="Of the fault, as `parity selftest --list` names it; usual if empty."),
]


def demo(
    candidate: CandidateSpec = "onnxruntime:fp16",
    out: Out = Path("runs/demo"),
    fault: FaultId = None,
    layer: Layer = None,
    size: Size = "",
    observer: p.Observer = options.OBSERVER.default,
    no_diagnosis: p.NoDiagnosis = options.NO_DIAGNOSIS.default,
    quiet: p.Quiet = False,
    verbose: p.Verbose = False,
) -> None:
    """Compare the bundled Qwen2 with its Hugging Face reference, or see what a planted fault looks like.

    \b
    Examples:
      parity demo
      parity demo --fault A06 --layer 2 --out runs/fault
      parity demo --fault B01 --size "base 9e5" --out runs/base

    Exit status: 0 parity, 1 divergence, 2 misuse or bad input.
    """
    from qwen_trt_model import bundled_model, bundled_prompts
    from qwen_trt_model.faults import get_fault

    if fault is not None:
        get_fault(fault).size(size)  # loading PyTorch takes longer than to mistype an id
    if fault is None and (layer is not None or size):
        raise ParityError("--layer and --size are about a fault, and there is no --fault", cure="add --fault ID")
    request = RunRequest(
        reference=ReferenceRequest(str(bundled_model())),
        candidate=CandidateRequest(
            candidate, fault=PlantedFault(fault, layer, size) if fault else None, checks=EngineChecks(observer)
        ),
        out=out,
        inputs=InputRequest(bundled_prompts()),
        no_diagnosis=no_diagnosis,
    )
    run_and_conclude(request, quiet=quiet, verbose=verbose)
