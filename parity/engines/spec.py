"""What ``--candidate`` can say: an engine with a dtype, an .onnx file, or a dump."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from parity.dtypes import dtype_info
from parity.engines import onnxruntime_options
from parity.engines.tensorrt import options as tensorrt_options
from parity.errors import ParityError

__all__ = [
    "FEEDING",
    "KNOWN_ENGINES",
    "CandidateSpec",
    "DumpFolder",
    "EngineSpec",
    "NetworkFile",
    "PlanFile",
    "parse_candidate",
    "parse_options",
]

KNOWN_ENGINES: Mapping[str, tuple[str, ...]] = {
    "onnxruntime": onnxruntime_options.OPTION_NAMES,
    "tensorrt": tensorrt_options.OPTION_NAMES,
}
"""Each engine with the options that it takes."""

_FORMS = (
    "onnxruntime:fp16, tensorrt:fp16,level=3, a file network.onnx (network.onnx,engine=tensorrt), an engine.plan, or "
    "the folder of a dump"
)
FEEDING: Mapping[str, str] = {
    "chained": "each layer reads what the layer before it has put out, as in the whole model",
    "isolated": "each layer reads what the reference's layer before it has put out, rounded to the model's dtype",
}
"""What a layer is fed with, where an engine runs one layer after the other."""

_LAYERS = "layers="
_PLAN_SUFFIXES = (".plan", ".engine", ".trt")
_PLAN_OPTIONS = ("dtype",)


@dataclass(frozen=True)
class EngineSpec:
    """Build the network in `dtype` and run it in `engine`.

    Attributes:
        engine: one of `KNOWN_ENGINES`.
        dtype: numpy's name, ``float32``, ``float16`` or ``bfloat16``.
        options: the engine's own options by name, as text.
        feeding: ``chained`` or ``isolated`` to run layer by layer; empty to run the network as a whole.
    """

    engine: str
    dtype: str
    options: Mapping[str, str] = field(default_factory=dict)
    feeding: str = ""


@dataclass(frozen=True)
class NetworkFile:
    """Run the network in this .onnx file.

    Attributes:
        path: the file.
        options: the engine's own options by name, as text.
        engine: one of `KNOWN_ENGINES`.
    """

    path: Path
    options: Mapping[str, str] = field(default_factory=dict)
    engine: str = "onnxruntime"


@dataclass(frozen=True)
class PlanFile:
    """Run this engine, which TensorRT has built already.

    Attributes:
        path: the file.
        options: ``dtype``: what it computes in, where its outputs do not say it.
    """

    path: Path
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DumpFolder:
    """Run nothing: the candidate has been recorded into this folder."""

    path: Path


CandidateSpec = EngineSpec | NetworkFile | PlanFile | DumpFolder
"""What `parse_candidate` returns."""


def parse_candidate(text: str) -> CandidateSpec:
    """Read ``ENGINE:DTYPE[,OPTION=VALUE…]``, ``FILE.onnx[,engine=ENGINE][,OPTION=VALUE…]``, ``FILE.plan`` or a dump.

    Raises:
        ParityError: the engine, the dtype or an option is unknown, or the path does not exist.
    """
    head, *options = text.split(",")
    if head.endswith(".onnx"):
        return _network_file(_existing(Path(head), text), options)
    if head.endswith(_PLAN_SUFFIXES):
        return PlanFile(_existing(Path(head), text), _read_options("a plan", _PLAN_OPTIONS, options))
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
    feeding, own = _feeding(options)
    return EngineSpec(engine, _dtype(engine, dtype, text), parse_options(engine, own), feeding)


def parse_options(engine: str, options: list[str]) -> Mapping[str, str]:
    """Read ``NAME=VALUE`` items and check that `engine` takes each of them.

    Raises:
        ParityError: an item has another form, is given twice, or `engine` has no option of that name.
    """
    return _read_options(engine, KNOWN_ENGINES[engine], options)


def _feeding(options: list[str]) -> tuple[str, list[str]]:
    """What ``layers=`` says, and the other options."""
    chosen = [option.removeprefix(_LAYERS) for option in options if option.startswith(_LAYERS)]
    if chosen and (len(chosen) > 1 or chosen[0] not in FEEDING):
        raise ParityError(
            f"--candidate: {_LAYERS}{', '.join(chosen)} says nothing",
            cure="; ".join(f"{_LAYERS}{name}: {meaning}" for name, meaning in FEEDING.items()),
        )
    return (chosen[0] if chosen else ""), [option for option in options if not option.startswith(_LAYERS)]


def _network_file(path: Path, options: list[str]) -> NetworkFile:
    chosen = [option.removeprefix("engine=") for option in options if option.startswith("engine=")]
    engine = chosen[0] if chosen else "onnxruntime"
    if engine not in KNOWN_ENGINES or len(chosen) > 1:
        raise ParityError(
            f"--candidate {path}: unknown engine {', '.join(chosen)!r}", cure=f"use one of {', '.join(KNOWN_ENGINES)}"
        )
    rest = [option for option in options if not option.startswith("engine=")]
    return NetworkFile(path, parse_options(engine, rest), engine)


def _read_options(what: str, known: Sequence[str], options: list[str]) -> Mapping[str, str]:
    read: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not value or name in read:
            raise ParityError(f"--candidate: expected NAME=VALUE once per name, found {option!r}")
        if name not in known:
            raise ParityError(f"--candidate: {what} has no option {name!r}", cure=f"its options are {', '.join(known)}")
        read[name] = value
    return read


def _existing(path: Path, text: str) -> Path:
    if not path.exists():
        raise ParityError(f"--candidate {text!r}: no such file or folder", cure=f"give {_FORMS}")
    if path.is_file() and path.suffix not in (".onnx", *_PLAN_SUFFIXES):
        raise ParityError(f"--candidate {text!r}: neither an .onnx file nor a plan", cure=f"give {_FORMS}")
    return path


def _dtype(engine: str, dtype: str, whole: str) -> str:
    if not dtype:
        raise ParityError(f"--candidate {whole!r}: the dtype is missing", cure=f"write {engine}:fp16")
    name = dtype_info(dtype).name
    if name == "float64":
        raise ParityError(f"--candidate {whole!r}: engines have no fp64", cure="use fp32, fp16 or bf16")
    return name
