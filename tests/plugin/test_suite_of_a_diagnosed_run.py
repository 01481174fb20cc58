"""The suite on a run whose errors were taken apart: sources are explained, heirs point at them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from made_rows import diagnosed
from made_runs import save_run

from parity.comparison import TapResult, load_comparison, save_comparison
from parity.diagnosis import Cause

pytest_plugins = "pytester"

_BARE = ("-p", "no:hypothesispytest", "-p", "no:cacheprovider")
_SUITE = ("--pyargs", "parity.suite", "-k", "layer_parity", *_BARE)
SOURCE, HEIR = "layers.1.attn_out", "layers.1.resid_mid"
SCALE = Cause("constant_ratio", "the output is multiplied by 1.05", 0.9999, 0.9, 1.1, 1)


@pytest.fixture(scope="module")
def diagnosed_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on disk whose comparison was given roles by hand: a source and one tap that passes its error on."""
    folder = save_run(tmp_path_factory.mktemp("runs") / "diagnosed", fault=SOURCE)
    comparison = load_comparison(folder)
    save_comparison(replace(comparison, rows=tuple(map(_with_role, comparison.rows))), folder / "comparison.json")
    return folder


def _with_role(row: TapResult) -> TapResult:
    if row.tap == SOURCE:
        return diagnosed(row, "source", SCALE, kl=0.01)
    if row.tap == HEIR:
        return diagnosed(replace(row, status="mismatch"), "carrier")
    return diagnosed(row, "clean")


def test_a_source_is_explained_and_its_heir_points_at_it(pytester: pytest.Pytester, diagnosed_run: Path) -> None:
    result = pytester.runpytest_inprocess(*_SUITE, "--parity-run", diagnosed_run)
    result.assert_outcomes(passed=31, failed=2)
    result.stdout.fnmatch_lines(
        [
            "layers.1.attn_out (linear, prefill): mismatch: *",
            "  cause      the output is multiplied by 1.05",
            "  cost       On its own it changes *",
            f"  next       parity report {diagnosed_run} --tap layers.1.attn_out",
            "layers.1.resid_mid (add, prefill): mismatch: its operation is right, it passes on an error",
            "  born       layers.1.attn_out (linear layer, prefill): the output is multiplied by 1.05",
            f"  next       parity report {diagnosed_run} --tap layers.1.attn_out",
            "FAIL: 2 of 33 taps fail*",
            "The error is born in layers.1.attn_out (linear layer, prefill), which is wrong: *",
        ]
    )
    message = result.outlines[result.outlines.index(next(x for x in result.outlines if HEIR in x and "add" in x)) :]
    assert not any(line.startswith("  sides") for line in message[:4])


def test_junit_carries_the_diagnosis(pytester: pytest.Pytester, diagnosed_run: Path) -> None:
    pytester.runpytest_inprocess(*_SUITE, "--parity-run", diagnosed_run, "--junitxml", "junit.xml")
    cases = ElementTree.parse(pytester.path / "junit.xml").getroot().iter("testcase")
    by_name = {case.get("name"): case for case in cases}
    found = {
        tap: {p.get("name"): p.get("value") for p in by_name[f"test_layer_parity[prefill-{tap}]"].iter("property")}
        for tap in (SOURCE, HEIR, "embed")
    }
    assert found[SOURCE]["role"] == "source"
    assert found[SOURCE]["cause"] == "the output is multiplied by 1.05"
    assert found[SOURCE]["local_noise_ratio"] == "30.0"
    assert found[HEIR]["role"] == "carrier"
    assert found[HEIR]["cause"] == ""
    assert {"local_rel_l2", "inherited_rel_l2", "gain"} <= set(found["embed"])


def test_without_a_diagnosis_junit_has_none_of_it(pytester: pytest.Pytester, tmp_path: Path) -> None:
    plain = save_run(tmp_path / "plain")
    pytester.runpytest_inprocess(*_SUITE, "--parity-run", plain, "--junitxml", "junit.xml")
    text = (pytester.path / "junit.xml").read_text()
    assert 'name="rel_l2"' in text
    assert 'name="role"' not in text
