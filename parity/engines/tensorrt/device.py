"""The GPU that engines run on: its name, its driver and its free memory, as NVIDIA's management library tells."""

from __future__ import annotations

import os
from dataclasses import dataclass

from parity.engines.tensorrt.installed import INSTALL
from parity.errors import ParityError

__all__ = ["Device", "current_device"]


@dataclass(frozen=True)
class Device:
    """One GPU.

    Attributes:
        name: as the driver calls it.
        driver: version of the driver.
        compute_capability: such as ``9.0``; engines of one do not run on another.
        free_bytes: memory that nothing holds right now.
    """

    name: str
    driver: str
    compute_capability: str
    free_bytes: int


def current_device() -> Device:
    """The GPU that CUDA uses first: the first of ``CUDA_VISIBLE_DEVICES``, or number 0.

    Raises:
        ParityError: there is none, no driver, or nvidia-ml-py is not installed.
    """
    try:
        import pynvml
    except ImportError as error:
        raise ParityError("nvidia-ml-py is not installed", cure=INSTALL) from error
    try:
        pynvml.nvmlInit()
        try:
            handle = _handle(pynvml)
            major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
            return Device(
                name=str(pynvml.nvmlDeviceGetName(handle)),
                driver=str(pynvml.nvmlSystemGetDriverVersion()),
                compute_capability=f"{major}.{minor}",
                free_bytes=int(pynvml.nvmlDeviceGetMemoryInfo(handle).free),
            )
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        raise ParityError(
            f"no NVIDIA GPU can be used here ({error})",
            cure="run this on a machine with a GPU and its driver, or use --candidate onnxruntime:fp16 here",
        ) from error


def _handle(pynvml: object) -> object:
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    if first and not first.isdigit():
        return pynvml.nvmlDeviceGetHandleByUUID(first)  # type: ignore[attr-defined]
    return pynvml.nvmlDeviceGetHandleByIndex(int(first or 0))  # type: ignore[attr-defined]
