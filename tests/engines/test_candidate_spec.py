from __future__ import annotations

from pathlib import Path

import pytest

from parity.engines import DumpFolder, EngineSpec, NetworkFile, parse_candidate
from parity.errors import ParityError


def test_an_engine_with_its_dtype() -> None:
    assert parse_candidate("onnxruntime:fp16") == EngineSpec("onnxruntime", "float16", {})


def test_long_names_of_dtypes_are_the_same() -> None:
    assert parse_candidate("onnxruntime:float32") == parse_candidate("onnxruntime:fp32")


def test_options_of_an_engine() -> None:
    spec = parse_candidate("onnxruntime:fp16,level=basic,threads=2")
    assert spec == EngineSpec("onnxruntime", "float16", {"level": "basic", "threads": "2"})


def test_a_network_file_may_have_options(tmp_path: Path) -> None:
    file = tmp_path / "network.onnx"
    file.touch()
    assert parse_candidate(str(file)) == NetworkFile(file, {})
    assert parse_candidate(f"{file},level=disabled") == NetworkFile(file, {"level": "disabled"})


def test_a_folder_is_a_dump(tmp_path: Path) -> None:
    assert parse_candidate(str(tmp_path)) == DumpFolder(tmp_path)


@pytest.mark.parametrize(
    ("text", "problem", "cure"),
    [
        ("openvino:fp16", "unknown engine 'openvino'; known: onnxruntime", "onnxruntime:fp16"),
        ("onnxruntime", "the dtype is missing", "onnxruntime:fp16"),
        ("onnxruntime:", "the dtype is missing", "onnxruntime:fp16"),
        ("onnxruntime:fp8", "unknown dtype 'fp8'", "fp16"),
        ("onnxruntime:fp64", "no fp64", "fp32"),
        ("onnxruntime:fp16,speed=3", "has no option 'speed'", "level, threads"),
        ("onnxruntime:fp16,level", "expected NAME=VALUE", ""),
        ("onnxruntime:fp16,level=all,level=basic", "once per name", ""),
        ("absent.onnx", "no such file or folder", "network.onnx"),
        ("runs/absent", "no such file or folder", "dump"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_cure(text: str, problem: str, cure: str) -> None:
    with pytest.raises(ParityError) as caught:
        parse_candidate(text)
    assert problem in caught.value.problem
    assert cure in caught.value.cure


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.touch()
    with pytest.raises(ParityError, match=r"neither an \.onnx file nor a plan"):
        parse_candidate(str(file))
