"""The network of a candidate: built from a model or a checkpoint, or there already; in the precision asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from parity.engines.precision_file import PrecisionAssignment, read_precision
from parity.engines.spec import EngineSpec, NetworkFile
from parity.engines.tapped_network import TappedNetwork, open_network
from parity.errors import ParityError
from parity.options import CANDIDATE
from parity.runner import Runner
from parity.session.engines import open_engine, require_engine
from parity.session.network import build_from_checkpoint, build_from_model
from parity.session.precision import precise_network
from parity.session.progress import Progress
from parity.session.request import CandidateRequest
from parity.session.tensor_names import read_tensor_names
from parity.taps import TapGraph

__all__ = ["CandidateNetwork", "candidate_network"]


@dataclass(frozen=True, eq=False)
class CandidateNetwork:
    """An .onnx file and what runs it.

    Attributes:
        path: the file.
        engine: one of `parity.engines.KNOWN_ENGINES`.
        options: the engine's own.
        graph: taps to look for; None where the file describes its own.
        mapping: tensor names of taps that are called otherwise.
    """

    path: Path
    engine: str
    options: Mapping[str, str]
    graph: TapGraph | None = None
    mapping: Mapping[str, str] | None = None

    def read(self) -> TappedNetwork:
        """The network seen as taps.

        Raises:
            ParityError: as for `open_network`.
        """
        return open_network(self.path, graph=self.graph, mapping=self.mapping)

    def open(self, progress: Progress) -> Runner:
        """The network in its engine.

        Raises:
            ParityError: as the engine names it.
        """
        return open_engine(self.engine, self.path, self.graph, self.mapping, options=self.options, progress=progress)

    def with_precision(self, assignment: PrecisionAssignment) -> CandidateNetwork:
        """Another network file beside this one, with operations in fp32.

        Raises:
            ParityError: as for `precise_network`.
        """
        return replace(self, path=precise_network(self.read(), assignment))


def candidate_network(
    asked: CandidateRequest,
    spec: EngineSpec | NetworkFile,
    *,
    model: Path | None,
    graph: TapGraph,
    folder: Path,
    progress: Progress,
) -> CandidateNetwork:
    """The network that `asked` speaks of, built where it has to be.

    Args:
        asked: the candidate.
        spec: what it says.
        model: Hugging Face folder to build a network from; None where there is none at hand.
        graph: taps of the reference, for .onnx files that do not describe themselves.
        folder: where a network is built.
        progress: told what is done.

    Raises:
        ParityError: the engine is not here, there is nothing to build from, or the precision names what is not there.
    """
    if isinstance(spec, NetworkFile):
        mapping = None if asked.mapping is None else read_tensor_names(asked.mapping)
        network = CandidateNetwork(spec.path, spec.engine, spec.options, graph, mapping)
    else:
        require_engine(spec.engine, spec.dtype)
        path = _build(asked, spec, model=model, folder=folder, progress=progress)
        network = CandidateNetwork(path, spec.engine, spec.options)
    return network if asked.precision is None else network.with_precision(read_precision(asked.precision))


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
