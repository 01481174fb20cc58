"""The suite with a reference and a candidate: the run is made while tests are collected, once."""

from __future__ import annotations

from pathlib import Path

import pytest

import parity.session.run  # noqa: F401  (pytester forgets what its runs import, and torch can't be imported twice)
from parity.comparison import load_comparison

pytest_plugins = "pytester"

_BARE = ("-p", "no:hypothesispytest", "-p", "no:cacheprovider")
_SUITE = ("--pyargs", "parity.suite", "-k", "layer_parity", *_BARE)


@pytest.fixture
def sides(tiny_qwen2_dir: Path, tmp_path: Path) -> tuple[str, ...]:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("def add(first, second):\nfor line in open(path): print(line)\n", encoding="utf-8")
    model = ("--parity-reference", str(tiny_qwen2_dir), "--parity-prompts", str(prompts))
    return (*model, "--parity-candidate", "onnxruntime:fp16")


def test_a_live_run_in_an_empty_folder(pytester: pytest.Pytester, sides: tuple[str, ...]) -> None:
    result = pytester.runpytest_inprocess(*_SUITE, *sides)
    result.assert_outcomes(passed=48)
    assert sum("recording the reference in fp64" in line for line in result.outlines) == 1
    result.stdout.fnmatch_lines(["PASS: 48 taps, *", "report: runs/pytest/report.html"])
    assert load_comparison(pytester.path / "runs" / "pytest").passed


def test_options_mean_what_they_mean_on_the_command_line(pytester: pytest.Pytester, sides: tuple[str, ...]) -> None:
    result = pytester.runpytest_inprocess(
        *(*_SUITE, *sides),
        *("--parity-taps", "layers.1.*,logits", "--parity-truth", "fp32", "--parity-attention", "sdpa"),
        *("--parity-flag", "mean_abs=1", "--parity-flag", "logits:mean_abs=1e-9"),
        *("--parity-strict", "--parity-no-floor", "--parity-out", "there"),
    )
    result.assert_outcomes(failed=1, passed=17)
    comparison = load_comparison(pytester.path / "there")
    assert comparison.reference.dtype == "float32"
    assert comparison.reference.flags["attention"] == "sdpa"
    assert comparison.floor is None
    assert comparison.limits.strict


def test_what_was_made_can_be_judged_again(pytester: pytest.Pytester, sides: tuple[str, ...]) -> None:
    pytester.runpytest_inprocess(*_SUITE, *sides, "--parity-taps", "layers", "-q").assert_outcomes(passed=6)
    again = pytester.runpytest_inprocess(
        *_SUITE, "--parity-run", "runs/pytest", "--parity-limit", "logits:median=0.001", "-q"
    )
    again.assert_outcomes(passed=5, failed=1)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--parity-candidate", "onnxruntime:bf16", "*bfloat16*"),
        ("--parity-memory", "4G", "*--memory says nothing about*"),
    ],
)
def test_bad_input_of_a_live_run_ends_in_one_message(
    pytester: pytest.Pytester, sides: tuple[str, ...], option: str, value: str, words: str
) -> None:
    result = pytester.runpytest_inprocess(*_SUITE, *sides, option, value)
    result.stdout.fnmatch_lines([f"error: {words}", "  cure: *"])
    result.stdout.no_fnmatch_line("*Traceback*")
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_workers_of_xdist_share_one_run(pytester: pytest.Pytester, sides: tuple[str, ...]) -> None:
    pytest.importorskip("xdist")
    result = pytester.runpytest_subprocess(*_SUITE, *sides, "--parity-taps", "layers", "-n", "2")
    result.assert_outcomes(passed=6)
    assert sum("recording the reference" in line for line in result.outlines) == 1
    result.stdout.fnmatch_lines(["PASS: 6 taps, *"])
