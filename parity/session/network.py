"""The network of a candidate, built from a Hugging Face model or from a TensorRT-LLM checkpoint."""

from __future__ import annotations

from pathlib import Path

from parity.dtypes import dtype_info
from parity.errors import ParityError
from parity.options import CHECKPOINT
from parity.session.progress import Progress
from parity.session.request import PlantedFault
from qwen_trt_model import build_network, convert, preflight, read_checkpoint, require_faithful
from qwen_trt_model.faults import build_faulty_network
from qwen_trt_model.lint import lint, require_clean

__all__ = ["build_from_checkpoint", "build_from_model"]


def build_from_model(
    model: Path, out: Path, *, dtype: str, fault: PlantedFault | None = None, progress: Progress
) -> Path:
    """Convert the Hugging Face folder `model` to a checkpoint in `out`, and build its network there.

    Args:
        model: folder with ``config.json`` and safetensors files.
        out: folder to make, or one that was made by this before.
        dtype: what the network computes in.
        fault: defect to plant into the network; the weights stay whole.
        progress: told what is done.

    Returns:
        The .onnx file, which lies beside the weights that it points to.

    Raises:
        ParityError: the model is not supported or damaged, `out` holds something else, or can't be written.
    """
    with progress.step(f"converting the weights to {dtype_info(dtype).short}"):
        convert(model, out, dtype=dtype)
    with progress.step("comparing the converted weights with the model's, bit by bit"):
        require_faithful(preflight(model, out))
    return _build(out, fault=fault, progress=progress)


def build_from_checkpoint(
    checkpoint: Path,
    *,
    model: Path | None,
    dtype: str | None = None,
    fault: PlantedFault | None = None,
    progress: Progress,
) -> Path:
    """Build the network of a TensorRT-LLM checkpoint, beside its weights.

    Args:
        checkpoint: folder with ``config.json`` and ``rank0.safetensors``.
        model: Hugging Face folder whose weights it should hold, bit by bit; None to take them as they are.
        dtype: what the network is expected to compute in; None for whatever the checkpoint says.
        fault: defect to plant into the network.
        progress: told what is done.

    Returns:
        The .onnx file.

    Raises:
        ParityError: the checkpoint is damaged, not supported, of another dtype, or not that model.
    """
    found = read_checkpoint(checkpoint).config.dtype
    if dtype is not None and dtype_info(dtype).name != found:
        raise ParityError(
            f"{CHECKPOINT.flag} {checkpoint}: computes in {found}, the candidate is asked for in {dtype}",
            cure=f"ask for {dtype_info(found).short}, or convert the checkpoint again",
        )
    if model is not None:
        with progress.step("comparing the checkpoint with the reference, weights and constants"):
            report = lint(model, checkpoint)
        require_clean(report)
        for finding in report.findings:
            if finding.severity == "warning":
                progress.note(f"{finding.subject}: expected {finding.expected}; found {finding.found}")
    return _build(checkpoint, fault=fault, progress=progress)


def _build(checkpoint: Path, *, fault: PlantedFault | None, progress: Progress) -> Path:
    if fault is None:
        with progress.step("building the network"):
            return build_network(checkpoint)
    with progress.step(f"building the network with fault {fault.id}"):
        return build_faulty_network(checkpoint, fault.id, layer=fault.layer, size=fault.size)
