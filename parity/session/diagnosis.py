"""Taking a comparison apart with the weights of the reference's Hugging Face folder; needs no PyTorch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from parity.comparison import Comparison
from parity.digest import weights_digest
from parity.dump import Dump
from parity.errors import ParityError
from parity.options import REFERENCE
from parity.session.dumps import RunDumps
from parity.session.model_folder import model_folder
from parity.session.progress import Progress

__all__ = ["diagnose", "diagnose_if_possible", "reference_folder"]


def diagnose(comparison: Comparison, dumps: RunDumps, *, folder: Path, progress: Progress) -> Comparison:
    """Add roles, causes and costs to `comparison`.

    Args:
        comparison: of `dumps`, not diagnosed yet.
        dumps: what was compared.
        folder: the Hugging Face folder that the reference was recorded from.
        progress: told what is done.

    Raises:
        ParityError: there is no noise floor, or the model in `folder` can't be replayed or is not the reference's.
    """
    if not dumps.floors:
        raise ParityError(
            "without a noise floor nothing tells what an operation does wrong from its rounding",
            cure="record one: parity record floor, or parity run without --no-floor",
        )
    from parity.diagnose_dumps import diagnose_dumps
    from parity.preflight import preflight_reference, worst_first
    from qwen_trt_model.reference_weights import open_reference_weights

    weights = open_reference_weights(folder)
    findings = preflight_reference(dumps.reference, weights)
    comparison = replace(comparison, preflight=worst_first((*comparison.preflight, *findings)))
    for finding in findings:
        if finding.severity == "error":
            return replace(comparison, undiagnosed=f"{finding.subject}: {finding.sentence}")
    return diagnose_dumps(
        comparison, dumps.reference, dumps.candidate, weights=weights, floors=dumps.floors, announce=progress.step
    )


def diagnose_if_possible(comparison: Comparison, dumps: RunDumps, *, folder: Path, progress: Progress) -> Comparison:
    """`diagnose`, or the comparison as it is with the reason why it could not be taken apart.

    What was recorded and judged is worth showing, though this package can't replay every model that it can record.
    """
    try:
        return diagnose(comparison, dumps, folder=folder, progress=progress)
    except ParityError as error:
        progress.note(f"errors are not taken apart: {error.problem}")
        return replace(comparison, undiagnosed=error.problem)


def reference_folder(reference: Dump, *, asked: str | None) -> Path:
    """The Hugging Face folder that `reference` was recorded from.

    Args:
        reference: dump of the reference.
        asked: folder or hub id that the user gave; None to take what the dump says of itself.

    Raises:
        ParityError: there is no such folder, it is gone, or it holds other weights.
    """
    source = reference.manifest.runner.source
    if asked is None and not (source and Path(source).is_dir()):
        known = f"the folder that it was recorded from, {source}, is not here" if source else "does not say from where"
        raise ParityError(
            f"{reference.path}: {known}, and its weights are needed to take errors apart",
            cure=f"give the Hugging Face model with {REFERENCE.flag} DIR_OR_HUB_ID",
        )
    folder = model_folder(source if asked is None else asked)
    if weights_digest(folder) != reference.manifest.runner.weights_digest:
        raise ParityError(
            f"{folder}: holds other weights than {reference.path} was recorded with",
            cure=f"give the model that it was recorded from with {REFERENCE.flag} DIR_OR_HUB_ID",
        )
    return folder
