"""A checkpoint that is its model has no finding, however it is stored and cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from lint_samples import Sample, converted, split

from qwen_trt_model import bundled_model
from qwen_trt_model.lint import preflight_checkpoint


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
@pytest.mark.parametrize("model", ["tiny_qwen2_dir", "tiny_qwen3_dir"])
def test_every_dtype_is_clean(model: str, dtype: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    sample = converted(request.getfixturevalue(model), tmp_path / "out", dtype=dtype)
    report = sample.lint(tmp_path)
    assert report.findings == ()
    assert report.passed
    assert (report.tensors, report.compared) == (len(sample.weights), len(sample.weights))


@pytest.mark.parametrize(("tensor", "pipeline"), [(2, 1), (4, 1), (1, 3), (1, 2), (2, 2), (4, 3)])
@pytest.mark.parametrize("model", ["qwen2", "qwen3"])
def test_ranks_that_are_cut_by_the_rules_are_clean(
    model: str, tensor: int, pipeline: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sample: Sample = request.getfixturevalue(model)
    report = split(sample, tensor=tensor, pipeline=pipeline).lint(tmp_path)
    assert report.findings == ()
    assert report.ranks == tensor * pipeline
    assert report.compared == report.tensors


@pytest.mark.parametrize("axis", [0, 1])
def test_a_split_embedding_is_clean(qwen2: Sample, axis: int, tmp_path: Path) -> None:
    assert split(qwen2, tensor=4, embedding_axis=axis).lint(tmp_path).findings == ()


def test_the_bundled_model_is_clean_but_for_what_fp16_can_not_hold(tmp_path: Path) -> None:
    sample = converted(bundled_model(), tmp_path / "out")
    (finding,) = sample.lint(tmp_path).findings
    assert (finding.check, finding.severity) == ("cast_loss", "note")
    assert finding.found.startswith("4 that became zero")
    assert preflight_checkpoint(bundled_model(), tmp_path / "checkpoint") == (finding.finding,)
