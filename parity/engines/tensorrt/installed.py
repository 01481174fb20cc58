"""TensorRT and Polygraphy as they are installed here: what is missing, and what this version can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from parity.dtypes import dtype_info
from parity.errors import ParityError

__all__ = ["INSTALL", "Capabilities", "capabilities", "import_polygraphy_trt", "import_tensorrt", "require_dtype"]

INSTALL = "pip install tensorrt polygraphy nvidia-ml-py"
"""All that running TensorRT takes beside a GPU and its driver."""

_FIRST_STRONGLY_TYPED = 10
_FIRST_BFLOAT16 = 9
_OLDEST = (8, 5)


def import_tensorrt() -> Any:
    """The module.

    Raises:
        ParityError: it is not installed, or older than the first version with named tensors.
    """
    try:
        import tensorrt

        version = tensorrt.__version__  # a folder of that name is imported too, and has none
    except (ImportError, AttributeError) as error:
        raise ParityError(
            f"tensorrt can't be imported ({error})",
            cure=f"on a machine with an NVIDIA GPU {INSTALL}, or use --candidate onnxruntime:fp16 here",
        ) from error
    if _version(tensorrt)[:2] < _OLDEST:
        raise ParityError(f"tensorrt {version} knows no named tensors", cure="install TensorRT 8.5 or newer")
    return tensorrt


def import_polygraphy_trt() -> Any:
    """Polygraphy's loaders and runner for TensorRT, silenced: what goes wrong is raised.

    Raises:
        ParityError: Polygraphy or TensorRT is not installed.
    """
    import_tensorrt()
    try:
        from polygraphy.backend import trt
        from polygraphy.logger import G_LOGGER
    except ImportError as error:
        raise ParityError("polygraphy is not installed", cure=INSTALL) from error
    G_LOGGER.module_severity = G_LOGGER.CRITICAL
    return trt


@dataclass(frozen=True)
class Capabilities:
    """What a version of TensorRT can do.

    Attributes:
        version: of TensorRT, as it says.
        strongly_typed: types are those of the graph; older versions choose them, within what flags allow.
        bfloat16: it has bf16 tensors.
        progress: it tells how far a build is.
    """

    version: str
    strongly_typed: bool
    bfloat16: bool
    progress: bool


def capabilities(tensorrt: Any) -> Capabilities:
    """What the imported module can do."""
    major = _version(tensorrt)[0]
    return Capabilities(
        version=str(tensorrt.__version__),
        strongly_typed=major >= _FIRST_STRONGLY_TYPED,
        bfloat16=major >= _FIRST_BFLOAT16,
        progress=hasattr(tensorrt, "IProgressMonitor"),
    )


def require_dtype(dtype: str) -> None:
    """Make sure that TensorRT is here and builds engines that compute in `dtype` (numpy's name).

    Raises:
        ParityError: it is missing, or its version has no such type.
    """
    able = capabilities(import_tensorrt())
    if dtype_info(dtype).name == "bfloat16" and not able.bfloat16:
        raise ParityError(
            f"TensorRT {able.version} has no bf16", cure="use tensorrt:fp16 or tensorrt:fp32, or TensorRT 9 or newer"
        )


def _version(tensorrt: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in str(tensorrt.__version__).split(".")[:3] if part.isdigit())
