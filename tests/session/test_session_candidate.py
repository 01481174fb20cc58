"""What is asked of a candidate, read before anything that takes time."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.engines.spec import EngineSpec, NetworkFile
from parity.errors import ParityError
from parity.session.candidate import check_candidate
from parity.session.request import CandidateRequest


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A file that is looked into by nobody."""
    file = tmp_path / "network.onnx"
    file.write_bytes(b"")
    return file


def test_memory_is_one_more_option_of_the_engine() -> None:
    spec = check_candidate(CandidateRequest("tensorrt:fp16,level=5", memory="4G"))
    assert isinstance(spec, EngineSpec)
    assert spec.options == {"level": "5", "memory": "4G"}


def test_memory_holds_for_a_network_that_is_there(network: Path) -> None:
    spec = check_candidate(CandidateRequest(f"{network},engine=tensorrt", memory="512M"))
    assert isinstance(spec, NetworkFile)
    assert spec.options == {"memory": "512M"}


def test_without_memory_the_engine_chooses() -> None:
    spec = check_candidate(CandidateRequest("tensorrt:fp16"))
    assert isinstance(spec, EngineSpec)
    assert spec.options == {}


@pytest.mark.parametrize("feeding", ["chained", "isolated"])
@pytest.mark.parametrize(("spec", "memory"), [("", "4G"), (",memory=4G", "")], ids=["option", "spec"])
def test_an_engine_of_one_layer_has_no_memory_to_split_by(feeding: str, spec: str, memory: str) -> None:
    asked = CandidateRequest(f"tensorrt:fp16,layers={feeding}{spec}", memory=memory)
    with pytest.raises(ParityError, match=rf"memory=? says nothing about --candidate tensorrt:fp16,layers={feeding}"):
        check_candidate(asked)


def test_what_is_not_built_by_tensorrt_has_no_memory_to_choose(network: Path, tmp_path: Path) -> None:
    plan = tmp_path / "engine.plan"
    plan.write_bytes(b"")
    for spec in (str(plan), str(network), str(tmp_path), "onnxruntime:fp16"):
        with pytest.raises(ParityError, match="--memory says nothing about --candidate") as caught:
            check_candidate(CandidateRequest(spec, memory="4G"))
        assert spec in str(caught.value)
        assert "leave --memory out" in str(caught.value.cure)


def test_memory_that_is_given_twice_is_refused_with_both() -> None:
    with pytest.raises(ParityError, match="--memory 4G and memory=1G in --candidate"):
        check_candidate(CandidateRequest("tensorrt:fp16,memory=1G", memory="4G"))


def test_memory_that_is_no_size_is_refused() -> None:
    with pytest.raises(ParityError, match="'4 cups' is no size"):
        check_candidate(CandidateRequest("tensorrt:fp16", memory="4 cups"))
