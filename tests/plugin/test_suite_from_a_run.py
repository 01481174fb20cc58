"""The suite in somebody else's project, on a run that is there already."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from made_runs import save_run

pytest_plugins = "pytester"

# Without hypothesis' plugin, which would be imported again in each of these runs.
_BARE = ("-p", "no:hypothesispytest", "-p", "no:cacheprovider")
_SUITE = ("--pyargs", "parity.suite", "-k", "layer_parity", *_BARE)


@pytest.fixture(scope="module")
def passing_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_run(tmp_path_factory.mktemp("runs") / "passing")


@pytest.fixture(scope="module")
def failing_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_run(tmp_path_factory.mktemp("runs") / "failing", fault="layers.1.attn_out")


@pytest.fixture(scope="module")
def odd_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "odd"
    return save_run(
        folder, flagged="layers.0.gate", missing="layers.1.gate", unobservable="layers.0.q_rope", extra="layers.1.up"
    )


def test_there_is_one_test_per_tap_in_graph_order(pytester: pytest.Pytester, passing_run: Path) -> None:
    result = pytester.runpytest_inprocess(*_SUITE, "--parity-run", passing_run, "--collect-only", "-q")
    ids = [line.rpartition("::")[2] for line in result.outlines if "::" in line]
    assert len(ids) == 33
    assert ids[:2] == ["test_layer_parity[prefill-embed]", "test_layer_parity[prefill-layers.0.input_norm]"]
    assert ids[-3:] == [
        "test_layer_parity[prefill-layers.1.resid_out]",
        "test_layer_parity[prefill-final_norm]",
        "test_layer_parity[prefill-logits]",
    ]


def test_a_run_with_parity_passes(pytester: pytest.Pytester, passing_run: Path) -> None:
    result = pytester.runpytest_inprocess(*_SUITE, "--parity-run", passing_run)
    result.assert_outcomes(passed=33)
    result.stdout.fnmatch_lines(["PASS: 33 taps, 33 match", "No tap leaves the reference: *"])


def test_the_engine_without_taps_is_one_more_test(pytester: pytest.Pytester, tmp_path: Path) -> None:
    for unprobed, outcomes in (("alike", {"passed": 34}), ("faulty", {"passed": 33, "failed": 1})):
        run = save_run(tmp_path / unprobed, unprobed=unprobed)
        result = pytester.runpytest_inprocess(*_SUITE, "--parity-run", run)
        result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines(
        ["*_ test_layer_parity[[]observer-effect[]] _*", "observer effect: Marking * hides a bug*"]
    )


def test_only_the_tap_that_diverges_fails_and_says_why(pytester: pytest.Pytester, failing_run: Path) -> None:
    result = pytester.runpytest_inprocess(*_SUITE, "--parity-run", failing_run)
    result.assert_outcomes(passed=32, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_layer_parity[[]prefill-layers.1.attn_out[]] _*",
            "layers.1.attn_out (linear, prefill): mismatch: R * is above 2*",
            "  sides      reference: float64 [[]2, 7, 8[]], from arrays in float64 (made here)",
            "             candidate: float16 [[]2, 7, 8[]], from arrays in float16 (made here)",
            "  elements   80 compared, *",
            "  worst      prompt *, token *, channel *: reference *, candidate *",
            "  before     its input layers.1.attn_ctx (match, *",
            f"  next       parity report {failing_run} --tap layers.1.attn_out",
        ],
        consecutive=False,
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*test_layer_parity.py:*: Failed*")


def test_nothing_that_was_not_compared_passes(pytester: pytest.Pytester, odd_run: Path) -> None:
    result = pytester.runpytest_inprocess(*_SUITE, "--parity-run", odd_run, "-rs")
    result.assert_outcomes(passed=30, failed=1, skipped=2)
    result.stdout.fnmatch_lines(
        [
            "layers.1.gate (linear, prefill): missing: *",
            "SKIPPED*prefill-layers.0.q_rope: not observable: fused away",
            "SKIPPED*prefill-layers.1.up: extra: *",
        ]
    )


def test_strict_fails_on_what_rounding_explains(pytester: pytest.Pytester, odd_run: Path) -> None:
    only = ("-k", "layers.0.gate", "--parity-run", odd_run)
    pytester.runpytest_inprocess(*_SUITE, *only).assert_outcomes(passed=1, deselected=32)
    result = pytester.runpytest_inprocess(*_SUITE, *only, "--parity-strict")
    result.assert_outcomes(failed=1, deselected=32)
    result.stdout.fnmatch_lines(["layers.0.gate (linear, prefill): rounding: *(under --strict every flag fails)"])


def test_the_same_run_can_be_judged_by_other_limits(pytester: pytest.Pytester, passing_run: Path) -> None:
    every = pytester.runpytest_inprocess(*_SUITE, "--parity-run", passing_run, "--parity-limit", "median=0.01")
    every.assert_outcomes(failed=33)
    one = pytester.runpytest_inprocess(
        *_SUITE, "--parity-run", passing_run, "--parity-limit", "layers.1.q_rope:median=0.01"
    )
    one.assert_outcomes(failed=1, passed=32)


def test_dumps_alone_are_enough(pytester: pytest.Pytester, failing_run: Path, tmp_path: Path) -> None:
    for name in ("reference", "floor", "candidate"):
        (tmp_path / name).symlink_to(failing_run / name)
    pytester.runpytest_inprocess(*_SUITE, "--parity-run", tmp_path).assert_outcomes(passed=32, failed=1)


def test_other_limits_without_the_dumps_are_refused(
    pytester: pytest.Pytester, passing_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "comparison.json").symlink_to(passing_run / "comparison.json")
    pytester.runpytest_inprocess(*_SUITE, "--parity-run", tmp_path).assert_outcomes(passed=33)
    result = pytester.runpytest_inprocess(*_SUITE, "--parity-run", tmp_path, "--parity-flag", "mean_abs=1e-6")
    result.stdout.fnmatch_lines(["error: *can't be judged by other limits*for its dumps are gone*", "  cure: *"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "error: *was not told what to compare: no --parity-reference and no --parity-candidate"),
        (("--parity-candidate", "onnxruntime:fp16"), "error: *no --parity-reference"),
        (("--parity-run", "nowhere"), "error: nowhere: no such folder"),
        (("--parity-run", "."), "error: *holds neither comparison.json nor a dump called reference"),
        (("--parity-run", ".", "--parity-taps", "layers"), "error: --parity-run *can't be had with --parity-taps"),
        (("--parity-run", ".", "--parity-flag", "mean=1"), "error: --flag: unknown name 'mean'*"),
    ],
)
def test_bad_input_ends_in_one_message(pytester: pytest.Pytester, arguments: tuple[str, ...], problem: str) -> None:
    result = pytester.runpytest_inprocess(*_SUITE, *arguments)
    result.stdout.fnmatch_lines([problem, "  cure: *"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*.py:*: in *")
    result.assert_outcomes(errors=1)
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_a_choice_that_does_not_exist_is_refused_by_pytest(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess(*_SUITE, "--parity-truth", "fp8")
    result.stderr.fnmatch_lines(["*argument --parity-truth: invalid choice: 'fp8'*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_options_without_the_suite_are_refused(pytester: pytest.Pytester, passing_run: Path) -> None:
    pytester.makepyfile("def test_of_somebody(): pass")
    result = pytester.runpytest_inprocess(*_BARE, "--parity-run", passing_run)
    result.stderr.fnmatch_lines(
        ["ERROR: --parity-run: the layer parity suite was not collected*", "*--pyargs parity.suite"]
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_junit_carries_the_metrics(pytester: pytest.Pytester, failing_run: Path) -> None:
    result = pytester.runpytest_inprocess(*_SUITE, "--parity-run", failing_run, "--junitxml", "junit.xml")
    result.stdout.no_fnmatch_line("*warning*")
    cases = ElementTree.parse(pytester.path / "junit.xml").getroot().iter("testcase")
    case = next(case for case in cases if case.get("name") == "test_layer_parity[prefill-layers.1.attn_out]")
    properties = {found.get("name"): found.get("value") or "" for found in case.iter("property")}
    assert properties["status"] == "mismatch"
    assert float(properties["rel_l2"]) == pytest.approx(0.05, rel=0.05)
    assert float(properties["noise_ratio"]) > 50
    assert {"mean_abs", "p99_rel", "cosine", "worst_token_noise_ratio", "elements"} <= set(properties)
    failure = case.find("failure")
    assert failure is not None
    assert (failure.text or "").startswith("layers.1.attn_out (linear, prefill): mismatch")


def test_it_runs_inside_a_project_with_its_own_settings(pytester: pytest.Pytester, failing_run: Path) -> None:
    pytester.makeini(
        "[pytest]\naddopts = --strict-markers --strict-config\ntestpaths = tests\nfilterwarnings = error\n"
    )
    pytester.makeconftest("import pytest\n@pytest.fixture(autouse=True)\ndef suite_row_of_theirs(): yield\n")
    pytester.mkdir("tests").joinpath("test_of_somebody.py").write_text("def test_of_somebody(): pass\n")
    mixed = pytester.runpytest_inprocess("tests", "--pyargs", "parity.suite", *_BARE, "--parity-run", failing_run)
    mixed.assert_outcomes(passed=33, failed=1)


def test_a_project_without_the_options_does_not_notice(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_of_somebody():
            heavy = {"torch", "numpy", "pandas", "onnxruntime", "rich", "typer", "parity.session.run"}
            assert not heavy & set(sys.modules)
        """
    )
    result = pytester.runpytest_subprocess(*_BARE)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*layer parity*")


def test_torch_is_not_needed(pytester: pytest.Pytester, failing_run: Path) -> None:
    pytester.makepyfile(
        no_frameworks="""
        import sys

        class Blocker:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("torch", "transformers", "onnxruntime", "onnx_ir", "pandas", "matplotlib"):
                    raise ImportError(f"{name} is blocked")

        sys.meta_path.insert(0, Blocker())
        """
    )
    result = pytester.runpytest_subprocess("-p", "no_frameworks", *_SUITE, "--parity-run", failing_run)
    result.assert_outcomes(passed=32, failed=1)
    again = pytester.runpytest_subprocess(
        "-p", "no_frameworks", *_SUITE, "--parity-run", failing_run, "--parity-limit", "median=0.01"
    )
    again.assert_outcomes(failed=33)
