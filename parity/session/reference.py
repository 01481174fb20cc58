"""The Hugging Face side of a run: the truth, and the noise floor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parity.dtypes import dtype_info
from parity.dump import Dump
from parity.hooks import Checkpoint, TransformersRunner, open_checkpoint
from parity.options import TAPS
from parity.record import record
from parity.session.phases import phases_of, selection_of
from parity.session.progress import Progress
from parity.session.prompts import make_phases
from parity.session.request import InputRequest, ReferenceRequest
from parity.session.truth import choose_truth
from parity.taps import Tap, decoder_taps, select_taps
from parity.tokens import Phase

__all__ = ["record_floor", "record_model", "record_truth"]


def record_truth(
    reference: ReferenceRequest, inputs: InputRequest, *, taps: str | None, out: Path, progress: Progress
) -> Dump:
    """Record the truth alone, for candidates that are not known yet.

    Args:
        reference: the model.
        inputs: what goes in.
        taps: selection; None for the taps of the dump that `inputs` take their tokens from, or all.
        out: folder of the dump.
        progress: told what is done.

    Raises:
        ParityError: bad input, as the parts name it.
    """
    with progress.step("checking the reference"):
        checkpoint = open_checkpoint(reference.source)
    graph = decoder_taps(checkpoint.shape)
    selected = select_taps(graph, taps or _selection(inputs))
    phases = make_phases(inputs, checkpoint, progress=progress)
    dtype = choose_truth(reference.truth, candidate_dtype=None, graph=graph)
    with progress.step(f"recording the reference in {dtype}"):
        return record_model(checkpoint, reference, phases, dtype=dtype, role="reference", taps=selected, out=out)


def record_floor(
    reference: ReferenceRequest, tokens: Path, *, dtype: str, taps: str | None, out: Path, progress: Progress
) -> Dump:
    """Record the noise floor alone: the same model in the candidate's dtype, on the tokens of a dump.

    Args:
        reference: the model; its `truth` says nothing here.
        tokens: dump of the truth.
        dtype: what to compute in.
        taps: selection; None for the taps of `tokens`.
        out: folder of the dump.
        progress: told what is done.

    Raises:
        ParityError: bad input, as the parts name it.
    """
    source = Dump.open(tokens)
    with progress.step("checking the reference"):
        checkpoint = open_checkpoint(reference.source)
    selected = select_taps(decoder_taps(checkpoint.shape), taps or selection_of(source))
    with progress.step(f"recording the noise floor in {dtype_info(dtype).short}"):
        phases = phases_of(source)
        return record_model(checkpoint, reference, phases, dtype=dtype, role="floor", taps=selected, out=out)


def record_model(
    checkpoint: Checkpoint,
    reference: ReferenceRequest,
    phases: Sequence[Phase],
    *,
    dtype: str,
    role: str,
    taps: Sequence[Tap],
    out: Path,
) -> Dump:
    """Run the Hugging Face model `checkpoint` in `dtype`, as `reference` says, and record `taps` of it."""
    runner = TransformersRunner(checkpoint, dtype=dtype, attention=reference.attention, device=reference.device)
    return record(runner, phases, taps=taps, role=role, out=out)


def _selection(inputs: InputRequest) -> str:
    return TAPS.default if inputs.tokens is None else selection_of(Dump.open(inputs.tokens))
