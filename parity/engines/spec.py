"""What ``--candidate`` can say: an engine with a dtype, an .onnx file, or a dump."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from parity.dtypes import dtype_info
from parity.errors import ParityError

__all__ = [
    "KNOWN_ENGINES",
    "CandidateSpec",
    "DumpFolder",
    "EngineSpec",
    "NetworkFile",
    "parse_candidate",
    "parse_options",
]

KNOWN_ENGINES: Mapping[str, tuple[str, ...]] = {"onnxruntime": ("level", "threads")}
"""Each engine with the options that it takes."""

_FORMS = "onnxruntime:fp16, onnxruntime:fp32,level=basic, a file network.onnx, or the folder of a dump"


@dataclass(frozen=True)
class EngineSpec:
    """Build the network in `dtype` and run it in `engine`.

    Attributes:
        engine: one of `KNOWN_ENGINES`.
        dtype: numpy's name, ``float32``, ``float16`` or ``bfloat16``.
        options: the engine's own options by name, as text.
    """

    engine: str
    dtype: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NetworkFile:
    """Run the network in this .onnx file.

    Attributes:
        path: the file.
        options: options of ONNX Runtime by name, as text.
    """

    path: Path
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DumpFolder:
    """Run nothing: the candidate has been recorded into this folder."""

    path: Path


CandidateSpec = EngineSpec | NetworkFile | DumpFolder
"""What `parse_candidate` returns."""


def parse_candidate(text: str) -> CandidateSpec:
    """Read ``ENGINE:DTYPE[,OPTION=VALUE…]``, ``FILE.onnx[,OPTION=VALUE…]`` or the path of a dump.

    Raises:
        ParityError: the engine, the dtype or an option is unknown, or the path does not exist.
    """
    head, *options = text.split(",")
    if head.endswith(".onnx"):
        return NetworkFile(_existing(Path(head), text), parse_options("onnxruntime", options))
    if Path(text).is_dir():
        return DumpFolder(Path(text))
    engine, colon, dtype = head.partition(":")
    if not colon and (engine not in KNOWN_ENGINES):
        _existing(Path(text), text)
    if engine not in KNOWN_ENGINES:
        raise ParityError(
            f"--candidate {text!r}: unknown engine {engine!r}; known: {', '.join(KNOWN_ENGINES)}",
            cure=f"for example {_FORMS}",
        )
    return EngineSpec(engine, _dtype(engine, dtype, text), parse_options(engine, options))


def parse_options(engine: str, options: list[str]) -> Mapping[str, str]:
    """Read ``NAME=VALUE`` items and check that `engine` takes each of them.

    Raises:
        ParityError: an item has another form, is given twice, or `engine` has no option of that name.
    """
    read: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not value or name in read:
            raise ParityError(f"--candidate: expected NAME=VALUE once per name, found {option!r}")
        if name not in KNOWN_ENGINES[engine]:
            raise ParityError(
                f"--candidate: {engine} has no option {name!r}",
                cure=f"its options are {', '.join(KNOWN_ENGINES[engine])}",
            )
        read[name] = value
    return read


def _existing(path: Path, text: str) -> Path:
    if not path.exists():
        raise ParityError(f"--candidate {text!r}: no such file or folder", cure=f"give {_FORMS}")
    if path.is_file() and path.suffix != ".onnx":
        raise ParityError(f"--candidate {text!r}: not an .onnx file", cure=f"give {_FORMS}")
    return path


def _dtype(engine: str, dtype: str, whole: str) -> str:
    if not dtype:
        raise ParityError(f"--candidate {whole!r}: the dtype is missing", cure=f"write {engine}:fp16")
    name = dtype_info(dtype).name
    if name == "float64":
        raise ParityError(f"--candidate {whole!r}: engines have no fp64", cure="use fp32, fp16 or bf16")
    return name
