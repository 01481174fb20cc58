from __future__ import annotations

import builtins
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plain_models import huggingface_config, save_model
from small_phases import capture_all, phase_of, random_phase

from parity.digest import weights_digest
from parity.engines.onnxruntime import OnnxRuntimeRunner, require_dtype
from parity.engines.onnxruntime_options import OnnxRuntimeOptions
from parity.engines.onnxruntime_probe import rounds_between_operators
from parity.errors import ParityError
from parity.record import record
from parity.runner import TimedRunner
from parity.taps import decoder_taps, select_taps
from parity.tokens import TokenBatch
from qwen_trt_model import build_network, convert, read_checkpoint

PHASE = random_phase(9, 4)


def test_it_describes_itself_from_the_file_alone(fp16_network: Path) -> None:
    info = OnnxRuntimeRunner(fp16_network).describe()
    assert info.graph == decoder_taps(read_checkpoint(fp16_network.parent).config.decoder_shape)
    assert (info.name, info.model, info.dtype) == ("onnxruntime", "tiny", "float16")
    assert info.weights_digest == weights_digest(fp16_network.parent)
    assert info.not_observable == {}
    assert info.flags["provider"] == "CPUExecutionProvider"
    assert info.flags["optimization_level"] == "all"
    assert set(info.versions) == {"onnxruntime", "onnx_ir"}


def test_every_tap_comes_back_once_in_its_own_shape(fp16_network: Path) -> None:
    runner = OnnxRuntimeRunner(fp16_network)
    names: list[str] = []
    runner.capture(PHASE, list(runner.describe().graph), lambda name, _: names.append(name))
    assert sorted(names) == sorted(runner.describe().graph.names)
    for name, array in capture_all(runner, PHASE).items():
        tap = runner.describe().graph[name]
        dynamic = {"batch": 2, "token": 9, "key": 9}
        expected = tuple(size or dynamic[axis] for axis, size in zip(tap.axes, tap.sizes, strict=True))
        assert array.shape == expected, name
        assert array.flags["C_CONTIGUOUS"]


def test_a_recorded_run_makes_a_dump(fp16_network: Path, tmp_path: Path) -> None:
    runner = OnnxRuntimeRunner(fp16_network)
    taps = select_taps(runner.describe().graph, "blocks")
    dump = record(runner, [PHASE], taps=taps, role="candidate", out=tmp_path / "dump")
    assert [tap.name for tap in dump.manifest.phases[0].taps] == [tap.name for tap in taps]


def test_taps_survive_later_runs(fp16_network: Path) -> None:
    runner = OnnxRuntimeRunner(fp16_network)
    first = capture_all(runner, PHASE)
    kept = {name: array.copy() for name, array in first.items()}
    capture_all(runner, random_phase(9, 4, seed=77))
    for name, array in first.items():
        assert np.array_equal(array, kept[name]), name


def test_one_session_serves_one_set_of_taps(fp16_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from parity.engines import onnxruntime as engine

    opened: list[tuple[str, ...]] = []
    original = engine._open_session

    def counted(network: Any, tensors: Any, options: Any) -> Any:
        opened.append(tuple(tensors))
        return original(network, tensors, options)

    monkeypatch.setattr(engine, "_open_session", counted)
    runner = OnnxRuntimeRunner(fp16_network)
    graph = runner.describe().graph
    for taps in (graph.taps[:3], graph.taps[:3], graph.taps[-1:]):
        runner.capture(PHASE, taps, lambda name, array: None)
    assert opened == [graph.names[:3], ("logits",)]


def test_marking_leaves_the_file_and_its_folder_alone(fp16_network: Path) -> None:
    before = {path.name: path.read_bytes() for path in fp16_network.parent.iterdir()}
    capture_all(OnnxRuntimeRunner(fp16_network), PHASE)
    assert {path.name: path.read_bytes() for path in fp16_network.parent.iterdir()} == before


def test_it_runs_from_any_folder(fp16_network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = capture_all(OnnxRuntimeRunner(fp16_network), PHASE)["logits"]
    monkeypatch.chdir(fp16_network.parent.parent)
    relative = Path(fp16_network.parent.name) / fp16_network.name
    assert np.array_equal(capture_all(OnnxRuntimeRunner(relative), PHASE)["logits"], expected)


def test_the_record_says_whether_fp16_is_really_computed_in(fp16_network: Path) -> None:
    runner = OnnxRuntimeRunner(fp16_network)
    arrays = capture_all(runner, PHASE)
    rounded = arrays["embed"] + arrays["layers.0.attn_out"]  # of what the network put out, which is rounded
    is_rounded = np.array_equal(rounded[PHASE.tokens.mask], arrays["layers.0.resid_mid"][PHASE.tokens.mask])
    arithmetic = runner.describe().flags["arithmetic"]
    assert arithmetic == ("float16" if is_rounded else "float32, rounded to float16 at outputs only")
    assert rounds_between_operators("float32")


def test_bfloat16_is_refused_with_a_cure_where_the_cpu_lacks_it(tmp_path: Path) -> None:
    model = save_model(tmp_path / "model", huggingface_config())
    network = build_network(convert(model, tmp_path / "out", dtype="bf16"))
    with pytest.raises(ParityError, match="no bfloat16 arithmetic on the CPU") as caught:
        OnnxRuntimeRunner(network)
    assert "fp16 or fp32" in caught.value.cure
    for dtype in ("float16", "float32"):
        require_dtype(dtype)


def test_a_missing_engine_is_one_line_with_the_cure(fp16_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without_engine(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_engine)
    with pytest.raises(ParityError, match="onnxruntime is not installed") as caught:
        OnnxRuntimeRunner(fp16_network)
    assert caught.value.cure == "pip install onnxruntime"


def test_token_ids_beyond_the_vocabulary_are_one_line(fp16_network: Path) -> None:
    with pytest.raises(ParityError, match="ONNX Runtime failed") as caught:
        capture_all(OnnxRuntimeRunner(fp16_network), phase_of(TokenBatch.from_sequences([[5, 4000]])))
    assert "vocabulary" in caught.value.cure
    assert "\n" not in caught.value.problem


def test_weights_of_another_layout_are_refused(fp16_network: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(fp16_network.parent, tmp_path / "copy")
    model = save_model(tmp_path / "model", huggingface_config())
    convert(model, folder, dtype="fp16")
    with pytest.raises(ParityError, match="other weights than those that lie beside it"):
        OnnxRuntimeRunner(folder / "network.onnx")


def test_missing_weights_are_named(fp16_network: Path, tmp_path: Path) -> None:
    alone = shutil.copy(fp16_network, tmp_path / "network.onnx")
    with pytest.raises(ParityError, match=r"weights are missing: rank0\.safetensors"):
        OnnxRuntimeRunner(Path(alone))


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"level": "fast"}, "unknown level 'fast'"), ({"threads": "-1"}, "threads"), ({"speed": "3"}, "no option speed")],
)
def test_unknown_options_are_refused(options: dict[str, str], problem: str) -> None:
    with pytest.raises(ParityError, match=problem):
        OnnxRuntimeOptions.parse(options)


def test_options_are_recorded(fp16_network: Path) -> None:
    flags = OnnxRuntimeRunner(fp16_network, options={"level": "basic", "threads": "1"}).describe().flags
    assert (flags["optimization_level"], flags["threads"]) == ("basic", "1")


def test_a_run_is_timed_as_often_as_asked_with_nothing_marked(
    fp16_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parity.engines import onnxruntime as engine

    opened: list[tuple[str, ...]] = []
    original = engine._open_session

    def noted(network: Any, tensors: Any, options: Any) -> Any:
        opened.append(tuple(tensors))
        return original(network, tensors, options)

    monkeypatch.setattr(engine, "_open_session", noted)
    runner = OnnxRuntimeRunner(fp16_network)
    assert isinstance(runner, TimedRunner)
    taken = runner.seconds(PHASE, repeats=3)
    assert len(taken) == 3
    assert min(taken) > 0
    assert opened == [()]
