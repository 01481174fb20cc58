"""A machine without TensorRT or without a GPU: one line that says what is missing and what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from parity.engines.tensorrt import installed
from parity.engines.tensorrt.device import current_device
from parity.engines.tensorrt.plan import PlanRunner
from parity.engines.tensorrt.runner import TensorRTRunner
from parity.errors import ParityError
from parity.taps import DecoderShape, decoder_taps


class OldTensorRT:
    __version__ = "8.4.3.1"


class TensorRT86:
    __version__ = "8.6.0"


class TensorRT11:
    __version__ = "11.4.0.106"
    IProgressMonitor = object


@pytest.fixture
def without_tensorrt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)


@pytest.mark.usefixtures("without_tensorrt")
def test_a_missing_tensorrt_is_said_with_what_to_do(fp16_network: Path) -> None:
    with pytest.raises(ParityError, match="tensorrt can't be imported") as caught:
        TensorRTRunner(fp16_network)
    assert "pip install tensorrt" in str(caught.value.cure)
    assert "onnxruntime:fp16" in str(caught.value.cure)


@pytest.mark.usefixtures("without_tensorrt")
def test_an_engine_from_elsewhere_asks_for_tensorrt_before_anything_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    plan = tmp_path / "engine.plan"
    plan.write_bytes(b"")
    with pytest.raises(ParityError, match="tensorrt can't be imported") as caught:
        PlanRunner(plan, graph=decoder_taps(DecoderShape(1, 8, 2, 1, 4, 8, 16)), mapping=None, options={})
    assert installed.INSTALL in caught.value.cure


def test_a_version_without_named_tensors_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", OldTensorRT)
    with pytest.raises(ParityError, match=r"8\.4\.3\.1 knows no named tensors"):
        installed.import_tensorrt()


def test_what_versions_can_do() -> None:
    old, new = installed.capabilities(TensorRT86), installed.capabilities(TensorRT11)
    assert (old.strongly_typed, old.bfloat16, old.progress) == (False, False, False)
    assert (new.strongly_typed, new.bfloat16, new.progress) == (True, True, True)


def test_bf16_is_refused_where_tensorrt_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", TensorRT86)
    with pytest.raises(ParityError, match=r"TensorRT 8\.6\.0 has no bf16"):
        installed.require_dtype("bfloat16")
    installed.require_dtype("float16")


def test_a_machine_without_a_gpu_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pynvml = pytest.importorskip("pynvml", reason="nvidia-ml-py tells whether there is a GPU")

    def fail() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)

    monkeypatch.setattr(pynvml, "nvmlInit", fail)
    with pytest.raises(ParityError, match="no NVIDIA GPU can be used here"):
        current_device()


def test_a_missing_management_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(ParityError, match="nvidia-ml-py is not installed"):
        current_device()
