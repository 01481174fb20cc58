"""A check of a tiny model from end to end, with ONNX Runtime in TensorRT's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.tensorrt.by_kind import run_row
from benchmarks.tensorrt.commands import run_commands
from benchmarks.tensorrt.logits_table import logits_row
from benchmarks.tensorrt.make_model import make_model
from benchmarks.tensorrt.make_tokens import make_tokens, save_tokens
from benchmarks.tensorrt.random_weights import SHAPES
from parity.comparison import load_comparison
from parity.dump import Dump
from parity.errors import ParityError

TINY = SHAPES["tiny"]
LENGTHS = [21, 34]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dumps of both sides, as `big_shape.sh` makes them, and the comparison in ``out``."""
    s = tmp_path_factory.mktemp("check")
    make_model(TINY, s / "model", dtype="float16", seed=0, device="cpu")
    save_tokens(make_tokens(TINY.vocabulary, LENGTHS, first=TINY.first_token, seed=0), s / "tokens", model="model")
    costs = run_commands(
        [
            f"record reference --reference {s}/model --tokens {s}/tokens --taps blocks --truth fp32 "
            f"--out {s}/reference",
            f"record floor --reference {s}/model --dtype fp16 --tokens {s}/reference --out {s}/floor-fp16",
            f"build --reference {s}/model --dtype fp16 --out {s}/fp16",
            f"record candidate --candidate onnxruntime:fp16,layers=chained --checkpoint {s}/fp16 "
            f"--tokens {s}/reference --out {s}/candidate",
            f"compare {s}/reference {s}/candidate --floor {s}/floor-fp16 --out {s}/out",
        ],
        costs=s / "costs.csv",
        seconds=600,
    )
    assert [cost.status for cost in costs] == [0] * 5
    return s


def test_a_random_model_without_tokenizer_is_checked(scratch: Path) -> None:
    comparison = load_comparison(scratch / "out")
    assert [prompt.tokens for prompt in comparison.prompts] == LENGTHS
    assert (Dump.open(scratch / "reference").phase("prefill").tokens.ids[:, 0] == TINY.first_token).all()
    row = run_row("out", comparison)
    assert row.passed
    assert row.taps == 4 * TINY.layers + 3
    assert 0.3 < row.largest_r < 2


def test_logits_are_measured_from_either_side(scratch: Path) -> None:
    reference, floor, candidate = (Dump.open(scratch / name) for name in ("reference", "floor-fp16", "candidate"))
    from_truth, from_floor = logits_row(candidate, reference), logits_row(candidate, floor)
    truth = load_comparison(scratch / "out").row("logits").errors
    assert truth is not None
    assert (from_truth.max_abs, from_truth.median_rel) == (truth.max_abs, truth.median_rel)
    assert from_floor.rel_l2 > from_truth.rel_l2 > 1e-5
    assert 1 < from_truth.rms < 4
    assert from_floor.what == "onnxruntime fp16 against transformers fp16"


def test_logits_of_other_tokens_are_refused(scratch: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    save_tokens(make_tokens(TINY.vocabulary, LENGTHS, first=TINY.first_token, seed=1), other, model="model")
    with pytest.raises(ParityError, match="ran other tokens"):
        logits_row(Dump.open(scratch / "candidate"), Dump.open(other))
