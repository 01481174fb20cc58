"""The sides that a search holds candidates to: recorded with PyTorch, or taken from where they lie already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from parity.dtypes import dtype_info
from parity.dump import Dump
from parity.engines.spec import EngineSpec
from parity.engines.tapped_network import open_network
from parity.errors import ParityError
from parity.hooks import Checkpoint, TransformersRunner, open_checkpoint
from parity.record import record
from parity.session.progress import Progress
from parity.session.prompts import make_phases
from parity.session.request import InputRequest, ReferenceRequest, TuneRequest
from parity.session.stored import FLOOR_DUMP, REFERENCE_DUMP
from parity.session.tensor_names import read_tensor_names
from parity.session.truth import choose_truth
from parity.session.tune import check_tunable
from parity.session.tune_bench import TuneSides
from parity.taps import Tap, decoder_taps, select_taps
from parity.tokens import Phase

__all__ = ["record_sides"]


def record_sides(
    request: TuneRequest, reference: ReferenceRequest, inputs: InputRequest, *, progress: Progress
) -> tuple[TuneSides, Path]:
    """Record truth and noise floor into the folder of the search, and say where the reference's model lies.

    What lies there already is taken as it is where it was recorded from the same model, in the same way, on the same
    tokens.

    Raises:
        ParityError: bad input, as the parts name it.
    """
    spec = check_tunable(request)
    with progress.step("checking the reference"):
        checkpoint = open_checkpoint(reference.source)
    graph = decoder_taps(checkpoint.shape)
    taps = select_taps(graph, "all")
    phases = make_phases(inputs, checkpoint, progress=progress)
    if isinstance(spec, EngineSpec):
        dtype = spec.dtype
    else:
        mapping = request.candidate.mapping
        names = None if mapping is None else read_tensor_names(mapping)
        dtype = open_network(spec.path, graph=graph, mapping=names).dtype
    truth = choose_truth(reference.truth, candidate_dtype=dtype, graph=graph)
    dumps = [
        _recorded(checkpoint, reference, phases, taps, dtype=side, role=role, out=request.out / role, progress=progress)
        for side, role in ((truth, REFERENCE_DUMP), (dtype, FLOOR_DUMP))
    ]
    return TuneSides(*dumps), checkpoint.folder


def _recorded(
    checkpoint: Checkpoint,
    reference: ReferenceRequest,
    phases: Sequence[Phase],
    taps: Sequence[Tap],
    *,
    dtype: str,
    role: str,
    out: Path,
    progress: Progress,
) -> Dump:
    name = dtype_info(dtype).name
    runner = TransformersRunner(checkpoint, dtype=name, attention=reference.attention, device=reference.device)
    known = _known(out, runner, phases, taps)
    if known is not None:
        progress.note(f"using the {role} that lies in {out}")
        return known
    with progress.step(f"recording the {role} in {dtype_info(dtype).short}"):
        return record(runner, phases, taps=taps, role=role, out=out)


def _known(out: Path, runner: TransformersRunner, phases: Sequence[Phase], taps: Sequence[Tap]) -> Dump | None:
    """The dump in `out`, where recording it again would give the same."""
    if not out.is_dir():
        return None
    try:
        dump = Dump.open(out)
    except ParityError:
        return None
    manifest = dump.manifest
    same_runner = replace(manifest.runner, layers=()) == runner.describe()
    tokens = {phase.name: phase.tokens.digest for phase in phases}
    same_tokens = tokens == {phase.name: phase.tokens_digest for phase in manifest.phases}
    names = {tap.name for tap in taps}
    same_taps = all({tap.name for tap in phase.taps} == names for phase in manifest.phases)
    return dump if same_runner and same_tokens and same_taps else None
