"""The judged side of a run: a network to be built, a network that is there, or a dump from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parity.dump import Dump
from parity.engines.spec import CandidateSpec, DumpFolder, EngineSpec, NetworkFile, PlanFile, parse_candidate
from parity.errors import ParityError
from parity.options import CANDIDATE, CHECKPOINT, MAPPING
from parity.runner import Runner
from parity.session.engines import open_engine, open_layerwise, open_plan, require_engine
from parity.session.network import build_from_checkpoint, build_from_model
from parity.session.observer import Yardstick, record_observed
from parity.session.phases import phases_of, selection_of
from parity.session.progress import Progress
from parity.session.request import CandidateRequest
from parity.session.streams import residual_streams
from parity.session.tensor_names import read_tensor_names
from parity.taps import TapGraph, select_taps

__all__ = ["check_candidate", "open_candidate", "record_candidate"]


def check_candidate(asked: CandidateRequest) -> CandidateSpec:
    """Read what ``--candidate`` says, before anything that takes time.

    Raises:
        ParityError: it can't be read, or an option beside it would say nothing.
    """
    spec = parse_candidate(asked.spec)
    idle = {
        CHECKPOINT.flag: asked.checkpoint is not None and not isinstance(spec, EngineSpec),
        MAPPING.flag: asked.mapping is not None and not isinstance(spec, (NetworkFile, PlanFile)),
        "--fault": asked.fault is not None and (not isinstance(spec, EngineSpec) or bool(spec.feeding)),
    }
    idle |= {flag: isinstance(spec, DumpFolder) for flag in asked.checks.given}
    for flag, is_idle in idle.items():
        if is_idle:
            raise ParityError(f"{flag} says nothing about {CANDIDATE.flag} {asked.spec}", cure=f"leave {flag} out")
    return spec


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
    mapping = None if asked.mapping is None else read_tensor_names(asked.mapping)
    if isinstance(spec, PlanFile):
        return open_plan(spec.path, graph=graph, mapping=mapping, options=spec.options)
    if isinstance(spec, NetworkFile):
        made = (spec.path, graph, mapping)
        return open_engine(spec.engine, *made, options=spec.options, progress=progress)
    require_engine(spec.engine, spec.dtype)
    network = _build(asked, spec, model=model, folder=folder, progress=progress)
    if spec.feeding:
        streams = residual_streams(reference) if spec.feeding == "isolated" else None
        return open_layerwise(spec.engine, network.parent, options=spec.options, streams=streams, progress=progress)
    return open_engine(spec.engine, network, None, None, options=spec.options, progress=progress)


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


def _build(asked: CandidateRequest, spec: EngineSpec, *, model: Path | None, folder: Path, progress: Progress) -> Path:
    if asked.checkpoint is not None:
        return build_from_checkpoint(
            asked.checkpoint, model=model, dtype=spec.dtype, fault=asked.fault, progress=progress
        )
    if model is None:
        raise ParityError(
            f"{CANDIDATE.flag} {asked.spec}: there is nothing to build the network from",
            cure="give --reference DIR, --checkpoint DIR, or an .onnx file as the candidate",
        )
    return build_from_model(model, folder, dtype=spec.dtype, fault=asked.fault, progress=progress)
