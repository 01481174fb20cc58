"""Recording through a runner, storing, opening and comparing, with arrays made here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
from safetensors import safe_open

from parity.compare_dumps import compare_dumps
from parity.comparison import load_comparison, save_comparison
from parity.dump import Dump
from parity.errors import ParityError
from parity.record import record
from parity.runner import RunnerInfo, Sink
from parity.taps import DecoderShape, Tap, TapGraph, decoder_taps
from parity.tokens import Phase, TokenBatch

SHAPE = DecoderShape(layers=2, hidden=16, heads=4, kv_heads=2, head_dim=4, intermediate=24, vocabulary=11)
GRAPH = decoder_taps(SHAPE)
TOKENS = TokenBatch.from_sequences([[1, 2, 3, 4, 5], [6, 7]], pieces=[list("abcde"), list("fg")])

Arrays = Mapping[str, npt.NDArray[Any]]


def full_shape(tap: Tap) -> tuple[int, ...]:
    lengths = {"batch": 2, "token": 5, "key": 5}
    return tuple(lengths.get(axis, size) or 0 for axis, size in zip(tap.axes, tap.sizes, strict=True))


def truth_arrays(seed: int = 0) -> dict[str, npt.NDArray[Any]]:
    """Random values, zero at padding, where a dump keeps nothing."""
    rng = np.random.default_rng(seed)
    arrays = {tap.name: rng.normal(size=full_shape(tap)) for tap in GRAPH}
    for tap in GRAPH:
        if "key" not in tap.axes:
            arrays[tap.name][~TOKENS.mask] = 0
    return arrays


def rounded(arrays: Arrays, dtype: npt.DTypeLike, *, seed: int) -> dict[str, npt.NDArray[Any]]:
    rng = np.random.default_rng(seed)
    u = float(ml_dtypes.finfo(dtype).eps)
    return {name: (array * (1 + u * rng.uniform(-1, 1, array.shape))).astype(dtype) for name, array in arrays.items()}


@dataclass
class ArrayRunner:
    """Hands out arrays it was given."""

    arrays: Arrays
    dtype: str
    weights_digest: str = "w"
    graph: TapGraph = GRAPH
    not_observable: Mapping[str, str] = field(default_factory=dict)
    tamper: Callable[[Sink], None] = lambda sink: None

    def describe(self) -> RunnerInfo:
        return RunnerInfo(
            "arrays", "made here", self.dtype, self.weights_digest, self.graph, not_observable=self.not_observable
        )

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        for tap in taps:
            if tap.name in self.arrays:
                sink(tap.name, self.arrays[tap.name])
        self.tamper(sink)


def recorded(path: Path, runner: ArrayRunner, *, tokens: TokenBatch = TOKENS, role: str = "candidate") -> Dump:
    return record(runner, [Phase("prefill", tokens)], taps=tuple(GRAPH), role=role, out=path)


@pytest.fixture
def truth(tmp_path: Path) -> Dump:
    return recorded(tmp_path / "truth", ArrayRunner(truth_arrays(), "float64"), role="reference")


@pytest.fixture
def floor(tmp_path: Path) -> Dump:
    return recorded(tmp_path / "floor", ArrayRunner(rounded(truth_arrays(), np.float16, seed=1), "float16"))


def test_a_dump_gives_back_what_was_recorded(truth: Dump) -> None:
    arrays = truth.phase("prefill").arrays
    assert list(arrays) == list(GRAPH.names)
    for name, expected in truth_arrays().items():
        np.testing.assert_array_equal(arrays[name], expected)
    assert truth.phase("prefill").tokens.pieces == TOKENS.pieces


def test_bfloat16_survives(tmp_path: Path) -> None:
    arrays = rounded(truth_arrays(), ml_dtypes.bfloat16, seed=1)
    dump = recorded(tmp_path / "bf16", ArrayRunner(arrays, "bfloat16"))
    stored = dump.phase("prefill").arrays["layers.1.q"]
    assert stored.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(stored.view(np.uint16), arrays["layers.1.q"].view(np.uint16))


def test_a_transposed_view_comes_back_equal(tmp_path: Path) -> None:
    arrays = truth_arrays()
    arrays["logits"] = np.asfortranarray(arrays["logits"])
    arrays["embed"] = arrays["embed"].transpose(2, 1, 0).copy().transpose(2, 1, 0)
    dump = recorded(tmp_path / "views", ArrayRunner(arrays, "float64"))
    for name in ("logits", "embed"):
        np.testing.assert_array_equal(dump.phase("prefill").arrays[name], arrays[name])


def test_flattened_heads_are_taken_apart(tmp_path: Path) -> None:
    arrays = truth_arrays()
    expected = arrays["layers.0.q"]
    arrays["layers.0.q"] = expected.reshape(2, 5, 16)
    dump = recorded(tmp_path / "flat", ArrayRunner(arrays, "float64"))
    np.testing.assert_array_equal(dump.phase("prefill").arrays["layers.0.q"], expected)


def test_later_writes_of_a_runner_do_not_reach_the_dump(tmp_path: Path) -> None:
    arrays = truth_arrays()
    expected = arrays["embed"].copy()

    def overwrite(sink: Sink) -> None:
        arrays["embed"][:] = 7.0

    dump = recorded(tmp_path / "later", ArrayRunner(arrays, "float64", tamper=overwrite))
    np.testing.assert_array_equal(dump.phase("prefill").arrays["embed"], expected)


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (lambda sink: sink("embed", np.zeros((2, 5, 16))), "'embed' twice"),
        (lambda sink: sink("invented", np.zeros(3)), "'invented' unasked"),
    ],
)
def test_a_runner_that_returns_too_much_is_refused(tmp_path: Path, tamper: Callable[[Sink], None], words: str) -> None:
    with pytest.raises(ParityError, match=words):
        recorded(tmp_path / "bad", ArrayRunner(truth_arrays(), "float64", tamper=tamper))
    assert list(tmp_path.iterdir()) == []


def test_a_runner_that_returns_too_little_is_refused(tmp_path: Path) -> None:
    arrays = truth_arrays()
    del arrays["layers.1.gate"]
    with pytest.raises(ParityError, match=r"did not return 1 of .*layers\.1\.gate"):
        recorded(tmp_path / "bad", ArrayRunner(arrays, "float64"))
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_shape_is_refused_with_both_shapes(tmp_path: Path) -> None:
    arrays = truth_arrays()
    arrays["embed"] = arrays["embed"][:, :4]
    with pytest.raises(ParityError, match=r"'embed': expected shape \(2, 5, 16\).*found \(2, 4, 16\)"):
        recorded(tmp_path / "bad", ArrayRunner(arrays, "float64"))


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(sink: Sink) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorded(tmp_path / "cut", ArrayRunner(truth_arrays(), "float64", tamper=interrupt))
    assert list(tmp_path.iterdir()) == []


def test_the_rest_of_a_killed_recording_is_no_dump_and_is_cleaned_up(tmp_path: Path, truth: Dump) -> None:
    partial = tmp_path / ".truth.partial-1"
    partial.mkdir()
    with pytest.raises(ParityError, match=r"holds no manifest\.json"):
        Dump.open(partial)
    recorded(tmp_path / "truth", ArrayRunner(truth_arrays(), "float64"))
    assert not partial.exists()


def test_a_foreign_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ParityError, match="is no dump, so it is not overwritten"):
        recorded(tmp_path / "mine", ArrayRunner(truth_arrays(), "float64"))
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_a_truncated_file_is_named(truth: Dump) -> None:
    file = next(truth.path.glob("prefill-0*.safetensors"))
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(ParityError, match=f"{file.name}: truncated"):
        Dump.open(truth.path)


def test_a_missing_file_is_named(truth: Dump) -> None:
    file = next(truth.path.glob("prefill-0*.safetensors"))
    file.unlink()
    with pytest.raises(ParityError, match=f"{file.name}: missing"):
        Dump.open(truth.path)


def test_tokens_that_were_changed_afterwards_are_noticed(truth: Dump, tmp_path: Path) -> None:
    other = TokenBatch.from_sequences([[1, 2, 3, 4, 9], [6, 7]])
    second = recorded(tmp_path / "second", ArrayRunner(truth_arrays(), "float64"), tokens=other)
    (second.path / "prefill-tokens.safetensors").replace(truth.path / "prefill-tokens.safetensors")
    with pytest.raises(ParityError, match="holds other tokens than the manifest says"):
        Dump.open(truth.path)


def test_an_honest_sixteen_bit_run_matches_or_rounds(tmp_path: Path, truth: Dump, floor: Dump) -> None:
    arrays = rounded(truth_arrays(), np.float16, seed=2)
    comparison = compare_dumps(truth, recorded(tmp_path / "candidate", ArrayRunner(arrays, "float16")), floors=[floor])
    assert comparison.passed
    assert {row.status for row in comparison.rows} <= {"match", "rounding"}
    assert [row.tap for row in comparison.rows] == list(GRAPH.names)


def test_the_first_divergence_is_first_in_graph_order(tmp_path: Path, truth: Dump, floor: Dump) -> None:
    arrays = rounded(truth_arrays(), np.float16, seed=2)
    arrays["layers.1.k"] = arrays["layers.1.k"] * np.float16(1.05)
    arrays["logits"] = arrays["logits"] * np.float16(3)
    comparison = compare_dumps(truth, recorded(tmp_path / "candidate", ArrayRunner(arrays, "float16")), floors=[floor])
    assert [row.tap for row in comparison.failures] == ["layers.1.k", "logits"]
    assert comparison.first_divergence is not None
    assert comparison.first_divergence.tap == "layers.1.k"


def test_padding_counts_nowhere(tmp_path: Path, truth: Dump, floor: Dump) -> None:
    arrays = rounded(truth_arrays(), np.float16, seed=2)
    for array in arrays.values():
        if array.shape[:2] == (2, 5):
            array[1, 2:] = np.nan
    comparison = compare_dumps(truth, recorded(tmp_path / "candidate", ArrayRunner(arrays, "float16")), floors=[floor])
    assert comparison.passed
    assert comparison.row("embed").elements == 7 * 16


def test_scores_of_future_keys_count_nowhere(tmp_path: Path, truth: Dump, floor: Dump) -> None:
    arrays = rounded(truth_arrays(), np.float16, seed=2)
    arrays["layers.0.scores"][..., ~np.tri(5, dtype=bool)] = -np.inf
    comparison = compare_dumps(truth, recorded(tmp_path / "candidate", ArrayRunner(arrays, "float16")), floors=[floor])
    row = comparison.row("layers.0.scores")
    assert row.status in ("match", "rounding")
    assert row.elements == 4 * (15 + 3)


def test_a_comparison_is_saved_and_loaded_whole(tmp_path: Path, truth: Dump, floor: Dump) -> None:
    arrays = rounded(truth_arrays(), np.float16, seed=2)
    arrays["embed"][0, 1, 2] = np.inf
    comparison = compare_dumps(truth, recorded(tmp_path / "candidate", ArrayRunner(arrays, "float16")), floors=[floor])
    save_comparison(comparison, tmp_path / "comparison.json")
    assert load_comparison(tmp_path) == comparison


def refusal(truth: Dump, candidate: Dump, floors: Sequence[Dump]) -> str:
    with pytest.raises(ParityError) as refused:
        compare_dumps(truth, candidate, floors=floors)
    return str(refused.value)


def test_dumps_of_different_tokens_are_refused(tmp_path: Path, truth: Dump) -> None:
    other = TokenBatch.from_sequences([[1, 2, 3, 4, 9], [6, 7]])
    candidate = recorded(tmp_path / "other", ArrayRunner(truth_arrays(), "float16"), tokens=other)
    assert "prompt 0 differs first at token 4: id 5 against 9" in refusal(truth, candidate, [])


def test_floors_that_prove_nothing_are_refused(tmp_path: Path, truth: Dump, floor: Dump) -> None:
    half, single = rounded(truth_arrays(), np.float16, seed=2), rounded(truth_arrays(), np.float32, seed=3)
    candidate = recorded(tmp_path / "candidate", ArrayRunner(half, "float16"))
    of_single = recorded(tmp_path / "single", ArrayRunner(single, "float32"))
    foreign = recorded(tmp_path / "foreign", ArrayRunner(half, "float16", weights_digest="other"))
    single_truth = recorded(tmp_path / "t32", ArrayRunner(single, "float32"))
    assert "says nothing about a candidate in float16" in refusal(truth, candidate, [of_single])
    assert "other weights" in refusal(truth, candidate, [foreign])
    assert "no finer than the floor" in refusal(single_truth, of_single, [of_single])


def test_not_observable_taps_are_rows_that_do_not_fail(tmp_path: Path, truth: Dump, floor: Dump) -> None:
    runner = ArrayRunner(
        rounded(truth_arrays(), np.float16, seed=2), "float16", not_observable={"layers.0.q": "fused away"}
    )
    comparison = compare_dumps(truth, recorded(tmp_path / "candidate", runner), floors=[floor])
    assert comparison.row("layers.0.q").status == "not observable"
    assert comparison.row("layers.0.q").reason == "fused away"
    assert comparison.passed


def test_strict_fails_on_every_flag(tmp_path: Path, truth: Dump, floor: Dump) -> None:
    arrays = truth_arrays()
    arrays["embed"] = arrays["embed"] * 4000
    big_truth = recorded(tmp_path / "big", ArrayRunner(arrays, "float64"))
    big_floor = recorded(tmp_path / "bigfloor", ArrayRunner(rounded(arrays, np.float16, seed=1), "float16"))
    candidate = recorded(tmp_path / "candidate", ArrayRunner(rounded(arrays, np.float16, seed=2), "float16"))
    comparison = compare_dumps(big_truth, candidate, floors=[big_floor])
    assert comparison.row("embed").status == "rounding"
    assert comparison.passed
    strict = replace(comparison, limits=replace(comparison.limits, strict=True))
    assert [row.tap for row in strict.failures] == ["embed"]


def test_padding_is_not_stored(tmp_path: Path) -> None:
    dump = recorded(tmp_path / "packed", ArrayRunner(truth_arrays(), "float64"))
    (first,) = [tap for tap in dump.manifest.phases[0].taps if tap.name == "embed"]
    assert (first.shape, first.stored_shape(7)) == ((2, 5, 16), (7, 16))
    with safe_open(dump.path / first.file, framework="numpy") as file:
        assert file.get_slice("embed").get_shape() == [7, 16]
    read = dump.phase("prefill").arrays["embed"]
    assert not read[~TOKENS.mask].any()


def test_bfloat16_is_read_by_a_fresh_process(tmp_path: Path) -> None:
    """NumPy knows bfloat16 only where ml_dtypes was imported, which reading a dump has to do by itself."""
    dump = recorded(tmp_path / "bf16", ArrayRunner(rounded(truth_arrays(), ml_dtypes.bfloat16, seed=1), "bfloat16"))
    code = (
        "import sys; from pathlib import Path; from parity.dump import Dump\n"
        "print(Dump.open(Path(sys.argv[1])).phase('prefill').arrays['embed'].dtype)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(dump.path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "bfloat16"
