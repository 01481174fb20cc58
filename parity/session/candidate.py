"""The judged side of a run: a network to be built, a network that is there, or a dump from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

from parity.dump import Dump
from parity.engines.precision_file import read_precision
from parity.engines.spec import (
    KNOWN_ENGINES,
    CandidateSpec,
    DumpFolder,
    EngineSpec,
    NetworkFile,
    PlanFile,
    parse_candidate,
)
from parity.engines.tensorrt.options import parse_bytes
from parity.errors import ParityError
from parity.options import CANDIDATE, CHECKPOINT, MAPPING, MEMORY, PRECISION
from parity.runner import Runner
from parity.session.candidate_network import candidate_network
from parity.session.engines import open_layerwise, open_plan
from parity.session.observer import Yardstick, record_observed
from parity.session.phases import phases_of, selection_of
from parity.session.progress import Progress
from parity.session.request import CandidateRequest
from parity.session.streams import residual_streams
from parity.session.tensor_names import read_tensor_names
from parity.taps import TapGraph, select_taps

__all__ = ["check_candidate", "network_folder", "open_candidate", "record_candidate"]


def check_candidate(asked: CandidateRequest) -> CandidateSpec:
    """Read what ``--candidate`` says, before anything that takes time.

    Raises:
        ParityError: it can't be read, an option beside it would say nothing, or the file of precisions can't be read.
    """
    spec = parse_candidate(asked.spec)
    runs_whole = _runs_whole(spec)
    idle = {
        CHECKPOINT.flag: asked.checkpoint is not None and not isinstance(spec, EngineSpec),
        MAPPING.flag: asked.mapping is not None and not isinstance(spec, (NetworkFile, PlanFile)),
        PRECISION.flag: asked.precision is not None and not runs_whole,
        "--fault": asked.fault is not None and not (runs_whole and isinstance(spec, EngineSpec)),
        f"{MEMORY.name}=": isinstance(spec, EngineSpec) and not runs_whole and MEMORY.name in spec.options,
    }
    idle |= {flag: isinstance(spec, DumpFolder) for flag in asked.checks.given}
    for flag, is_idle in idle.items():
        if is_idle:
            raise ParityError(f"{flag} says nothing about {CANDIDATE.flag} {asked.spec}", cure=f"leave {flag} out")
    if asked.precision is not None:
        read_precision(asked.precision)
    return _with_memory(spec, asked) if asked.memory else spec


def _with_memory(spec: CandidateSpec, asked: CandidateRequest) -> CandidateSpec:
    """`spec` with what ``--memory`` says among the options of its engine."""
    if not _runs_whole(spec) or MEMORY.name not in KNOWN_ENGINES[spec.engine]:
        cure = f"leave {MEMORY.flag} out; TensorRT takes it, where it builds the whole network as an engine"
        raise ParityError(f"{MEMORY.flag} says nothing about {CANDIDATE.flag} {asked.spec}", cure=cure)
    if MEMORY.name in spec.options:
        given = f"{MEMORY.flag} {asked.memory} and {MEMORY.name}={spec.options[MEMORY.name]}"
        raise ParityError(f"{given} in {CANDIDATE.flag} say the same thing", cure="give one of them")
    parse_bytes(asked.memory)
    return replace(spec, options={**spec.options, MEMORY.name: asked.memory})


def _runs_whole(spec: CandidateSpec) -> TypeGuard[EngineSpec | NetworkFile]:
    """Whether a network is run as a whole: only then can its taps be split over several engines."""
    return isinstance(spec, NetworkFile) or (isinstance(spec, EngineSpec) and not spec.feeding)


def open_candidate(
    asked: CandidateRequest,
    *,
    model: Path | None,
    graph: TapGraph,
    folder: Path,
    reference: Path,
    progress: Progress,
) -> Runner | Dump:
    """The candidate, ready to be run; or its dump, where it was run elsewhere.

    Args:
        asked: what to open.
        model: Hugging Face folder to build a network from; None where there is none at hand.
        graph: taps of the reference, for .onnx files that do not describe themselves.
        folder: where a network is built.
        reference: dump of the reference, which isolated layers are fed from; need not be there yet.
        progress: told what is done.

    Raises:
        ParityError: the candidate is missing or damaged, or there is nothing to build it from.
    """
    spec = check_candidate(asked)
    if isinstance(spec, DumpFolder):
        return Dump.open(spec.path)
    if isinstance(spec, PlanFile):
        mapping = None if asked.mapping is None else read_tensor_names(asked.mapping)
        return open_plan(spec.path, graph=graph, mapping=mapping, options=spec.options)
    network = candidate_network(asked, spec, model=model, graph=graph, folder=folder, progress=progress)
    if isinstance(spec, EngineSpec) and spec.feeding:
        streams = residual_streams(reference) if spec.feeding == "isolated" else None
        checkpoint = network.path.parent
        return open_layerwise(spec.engine, checkpoint, options=spec.options, streams=streams, progress=progress)
    return network.open(progress)


def record_candidate(
    asked: CandidateRequest,
    tokens: Path,
    *,
    model: Path | None,
    taps: str | None,
    out: Path,
    progress: Progress,
    floors: Sequence[Path] = (),
) -> Dump:
    """Record the candidate alone, on the tokens of a dump; needs no PyTorch.

    Args:
        asked: what to record.
        tokens: dump of the reference.
        model: Hugging Face folder to build a network from; None where there is none at hand.
        taps: selection; None for the taps of `tokens`.
        out: folder of the dump; a network that has to be built goes beside it.
        progress: told what is done.
        floors: dumps of the noise floor, which probe sets are judged by.

    Raises:
        ParityError: bad input, as the parts name it; or the candidate is a dump already.
    """
    source = Dump.open(tokens)
    graph = source.manifest.runner.graph
    wanted = select_taps(graph, taps or selection_of(source))
    folder = network_folder(out)
    candidate = open_candidate(asked, model=model, graph=graph, folder=folder, reference=tokens, progress=progress)
    if isinstance(candidate, Dump):
        raise ParityError(f"{candidate.path}: is recorded already", cure="compare it with `parity compare`")
    yardstick = Yardstick(source, tuple(map(Dump.open, floors)))
    return record_observed(
        candidate, asked.checks, phases_of(source), taps=wanted, out=out, yardstick=yardstick, progress=progress
    )


def network_folder(dump: Path) -> Path:
    """Where the network of a candidate is built: beside its dump."""
    return dump.with_name(f"{dump.name}-network")
