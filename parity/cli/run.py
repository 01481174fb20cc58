"""``parity run``: the whole way from prompts to the report."""

from __future__ import annotations

from parity import options
from parity.cli import parameters as p
from parity.cli.progress import choose_progress
from parity.cli.verdict import conclude
from parity.session import CandidateRequest, EngineChecks, InputRequest, Judging, ReferenceRequest, RunRequest

__all__ = ["run", "run_and_conclude"]


def run(
    reference: p.Reference,
    candidate: p.CandidateSpec,
    out: p.Out,
    prompts: p.Prompts = options.PROMPTS.default,
    chat_template: p.ChatTemplate = options.CHAT_TEMPLATE.default,
    tokens: p.Tokens = options.TOKENS.default,
    taps: p.Taps = options.TAPS.default,
    checkpoint: p.Checkpoint = options.CHECKPOINT.default,
    mapping: p.Mapping = options.MAPPING.default,
    precision: p.Precision = options.PRECISION.default,
    memory: p.Memory = options.MEMORY.default,
    truth: p.Truth = options.TRUTH.default,
    attention: p.Attention = options.ATTENTION.default,
    device: p.Device = options.DEVICE.default,
    no_floor: p.NoFloor = options.NO_FLOOR.default,
    no_diagnosis: p.NoDiagnosis = options.NO_DIAGNOSIS.default,
    observer: p.Observer = options.OBSERVER.default,
    rebuild_noise: p.RebuildNoise = options.REBUILD_NOISE.default,
    probe_sets: p.ProbeSets = options.PROBE_SETS.default,
    check_aliasing: p.CheckAliasing = options.CHECK_ALIASING.default,
    flag: p.Flags = [],  # noqa: B006  (typer copies it)
    limit: p.Limits = [],  # noqa: B006
    strict: p.Strict = options.STRICT.default,
    quiet: p.Quiet = False,
    verbose: p.Verbose = False,
) -> None:
    """Record reference, noise floor and candidate, compare them layer by layer, say what is wrong and why.

    \b
    Examples:
      parity run --reference Qwen/Qwen2.5-0.5B --candidate onnxruntime:fp16 \\
                 --prompts prompts.txt --out runs/first
      parity run --reference DIR --candidate port.onnx --out runs/mine

    Exit status: 0 parity, 1 divergence, 2 misuse or bad input.
    """
    request = RunRequest(
        reference=ReferenceRequest(reference, truth=truth, attention=attention, device=device),
        candidate=CandidateRequest(
            candidate,
            checkpoint=checkpoint,
            mapping=mapping,
            precision=precision,
            memory=memory,
            checks=EngineChecks(observer, rebuild_noise, probe_sets, check_aliasing),
        ),
        out=out,
        inputs=InputRequest(prompts, chat_template=chat_template, tokens=tokens),
        taps=taps,
        no_floor=no_floor,
        no_diagnosis=no_diagnosis,
        judging=Judging.parse(flags=flag, limits=limit, strict=strict),
    )
    run_and_conclude(request, quiet=quiet, verbose=verbose)


def run_and_conclude(request: RunRequest, *, quiet: bool, verbose: bool) -> None:
    """Make the run, write its views, print the verdict and exit with it."""
    from parity.session.candidate import check_candidate

    check_candidate(request.candidate)  # loading PyTorch takes longer than to mistype a path
    progress = choose_progress(quiet=quiet)
    with progress.step("loading PyTorch"):
        from parity.session.run import run as make_run
    result = make_run(request, progress=progress)
    conclude(result.comparison, written=result.written, run=request.out, quiet=quiet, verbose=verbose)
