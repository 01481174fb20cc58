"""A real engine whose bug is gone where somebody looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from gelu_network import GRAPH, INSIDE, PHASE, approximate_gelu, record_sides, save_gelu_network

from parity.compare_dumps import compare_dumps
from parity.comparison import Comparison, load_comparison, save_comparison
from parity.engines.onnxruntime import OnnxRuntimeRunner
from parity.observer import observe
from parity.record import record


def observed(folder: Path, *taps: str) -> Comparison:
    """The network with `taps` and logits marked, compared and observed."""
    truth, floor = record_sides(folder)
    runner = OnnxRuntimeRunner(save_gelu_network(folder / "gelu.onnx"), graph=GRAPH, options={"threads": "1"})
    wanted = [GRAPH[name] for name in (*taps, "logits")]
    candidate = record(runner, [PHASE], taps=wanted, role="candidate", out=folder / "candidate")
    unprobed = record(runner, [PHASE], taps=[GRAPH["logits"]], role="candidate", out=folder / "candidate-unprobed")
    comparison = compare_dumps(truth, candidate, floors=[floor], relative_to=folder)
    return observe(comparison, truth, candidate, [floor], unprobed)


def test_a_tap_inside_of_a_fused_gelu_hides_that_it_is_approximated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approximate_gelu(monkeypatch)
    comparison = observed(tmp_path, "embed", "gate", INSIDE, "act")
    effect = comparison.observer
    assert effect is not None
    assert effect.grade == "hides the bug"
    assert not comparison.failures
    assert not comparison.passed
    worst = effect.worst
    assert worst.probed.noise is not None
    assert worst.unprobed.noise is not None
    assert worst.probed.noise.noise_ratio < 2 < 100 < worst.unprobed.noise.noise_ratio
    assert "hides a bug" in effect.sentence
    layers = effect.layers
    assert layers is not None
    assert (layers.probed_only, layers.unprobed_only) == (6, 2)
    assert any("only without taps" in words and "(FastGelu)" in words for words in layers.examples)
    assert "--probe-sets" in effect.cure


def test_without_that_tap_the_bug_shows_in_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    approximate_gelu(monkeypatch)
    comparison = observed(tmp_path, "embed", "gate", "act")
    assert comparison.observer is not None
    assert comparison.observer.grade == "faithful"
    assert [row.tap for row in comparison.failures if row.status == "mismatch"] == ["act", "logits"]


def test_an_exact_gelu_is_moved_by_the_tap_but_not_beyond_rounding(tmp_path: Path) -> None:
    comparison = observed(tmp_path, "embed", "gate", INSIDE, "act")
    effect = comparison.observer
    assert effect is not None
    assert effect.grade == "faithful"
    assert effect.worst.distance is not None
    assert not effect.worst.distance.equal
    assert comparison.passed
    save_comparison(comparison, tmp_path / "comparison.json")
    assert load_comparison(tmp_path).observer == effect
