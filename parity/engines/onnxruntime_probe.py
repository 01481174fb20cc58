"""What ONNX Runtime can do on this CPU, found out by doing it."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from parity.dtypes import dtype_info
from parity.errors import ParityError

__all__ = ["CPU", "import_onnxruntime", "is_engine_error", "require_dtype", "rounds_between_operators"]

CPU = "CPUExecutionProvider"

_ONNX_NAMES = {"float64": "DOUBLE", "float32": "FLOAT", "float16": "FLOAT16", "bfloat16": "BFLOAT16"}


def import_onnxruntime() -> Any:
    """The module.

    Raises:
        ParityError: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ParityError("onnxruntime is not installed", cure="pip install onnxruntime") from error
    return onnxruntime


def is_engine_error(error: Exception) -> bool:
    """Whether ONNX Runtime raised `error`, and not our own code."""
    return type(error).__module__.startswith("onnxruntime") or type(error) is RuntimeError


def require_dtype(dtype: str) -> None:
    """Make sure that ONNX Runtime multiplies numbers of `dtype` (numpy's name) on this CPU.

    Raises:
        ParityError: it does not (it has no such kernels for bfloat16), or it is not installed.
    """
    engine = import_onnxruntime()
    try:
        _difference_session(engine, dtype)
    except Exception as error:
        if not is_engine_error(error):
            raise
        raise ParityError(
            f"ONNX Runtime {engine.__version__} has no {dtype} arithmetic on the CPU",
            cure="build the network in fp16 or fp32 for ONNX Runtime, or run it in TensorRT",
        ) from error


def rounds_between_operators(dtype: str) -> bool:
    """Whether each operator's result is rounded to `dtype` before the next one reads it.

    Where the CPU has no kernels for fp16, ONNX Runtime computes in fp32, takes out the roundings between operators,
    and rounds only what it puts out; its errors are then smaller than those of real fp16 arithmetic.
    """
    # (1 + u)² - (1 + 2u) is u², which is lost where the square is rounded, u being half the unit of the last place.
    info = dtype_info(dtype)
    a = np.array([1 + 2 * info.unit_roundoff]).astype(info.numpy)
    b = np.array([1 + 4 * info.unit_roundoff]).astype(info.numpy)
    (difference,) = _difference_session(import_onnxruntime(), dtype).run(None, {"a": a, "b": b})
    return not difference.any()


def _difference_session(engine: Any, dtype: str) -> Any:
    """A session that gives ``a * a - b``, element by element."""
    onnx_type = ir.DataType[_ONNX_NAMES[dtype_info(dtype).name]]
    a, b = (ir.val(name, dtype=onnx_type, shape=(1,)) for name in "ab")
    tape = ir.tape.Tape()
    difference = tape.op("Sub", [tape.op("Mul", [a, a]), b])
    difference.name, difference.dtype = "difference", onnx_type
    graph = ir.Graph([a, b], [difference], nodes=tape.nodes, opset_imports={"": 17}, name="difference")
    settings = engine.SessionOptions()
    settings.log_severity_level = 4  # what fails here is reported by who asked
    model = ir.to_proto(ir.Model(graph, ir_version=8)).SerializeToString()
    return engine.InferenceSession(model, settings, providers=[CPU])
