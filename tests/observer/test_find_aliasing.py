"""Taps that show another tensor where they are marked directly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from plain_models import huggingface_config, save_model
from small_phases import random_phase

from parity.compare_dumps import compare_dumps
from parity.dump import Dump
from parity.engines.onnxruntime import OnnxRuntimeRunner
from parity.errors import ParityError
from parity.observer import find_aliasing, with_aliasing
from parity.record import record
from parity.runner import Runner, RunnerInfo, Sink
from parity.taps import Tap, TapGraph
from parity.tokens import Phase
from qwen_trt_model import build_network, convert

PHASE = random_phase(40, 17)

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Altered:
    """A runner whose captures are written to once more before they are read."""

    inner: Runner
    alter: Callable[[Arrays], None]

    def describe(self) -> RunnerInfo:
        return self.inner.describe()

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        arrays: Arrays = {}
        self.inner.capture(phase, taps, arrays.__setitem__)
        self.alter(arrays)
        for name, array in arrays.items():
            sink(name, array)


@pytest.fixture(scope="module", params=["fp16", "fp32"])
def runner(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OnnxRuntimeRunner:
    folder = tmp_path_factory.mktemp("aliasing")
    model = save_model(folder / "model", huggingface_config("qwen2"))
    return OnnxRuntimeRunner(build_network(convert(model, folder / "n", dtype=request.param)), options={"threads": "1"})


def dump_of(runner: Runner, out: Path, *, taps: Sequence[str] = ()) -> Dump:
    graph = runner.describe().graph
    wanted = [graph[name] for name in taps] or list(graph)
    return record(runner, [PHASE], taps=wanted, role="candidate", out=out)


def test_an_engine_that_copies_what_it_puts_out_aliases_nothing(runner: OnnxRuntimeRunner, tmp_path: Path) -> None:
    direct = dump_of(runner, tmp_path / "direct")
    assert find_aliasing(direct, dump_of(runner.marked_otherwise(), tmp_path / "copied")) == ()
    assert find_aliasing(direct, dump_of(runner.rebuilt(), tmp_path / "rebuilt")) == ()


def rotated_in_place(arrays: Arrays) -> None:
    arrays["layers.1.q"] = arrays["layers.1.q_rope"].reshape(arrays["layers.1.q"].shape)


def added_in_place(arrays: Arrays) -> None:
    arrays["layers.0.resid_mid"] = arrays["layers.0.resid_out"]


def overwritten_in_part(arrays: Arrays) -> None:
    arrays["layers.2.gate"] = arrays["layers.2.gate"].copy()
    arrays["layers.2.gate"][:, ::4] = arrays["layers.2.up"][:, ::4]


def overflowed(arrays: Arrays) -> None:
    arrays["layers.0.v"] = np.full_like(arrays["layers.0.v"], np.nan)


@pytest.mark.parametrize(
    ("alter", "expected"),
    [
        (rotated_in_place, "layers.1.q"),
        (added_in_place, "layers.0.resid_mid"),
        (overwritten_in_part, "layers.2.gate"),
        (overflowed, "layers.0.v"),
    ],
)
def test_what_was_written_to_again_is_named_and_its_readers_are_not(
    runner: OnnxRuntimeRunner, tmp_path: Path, alter: Callable[[Arrays], None], expected: str
) -> None:
    copied = dump_of(runner.marked_otherwise(), tmp_path / "copied")
    direct = dump_of(Altered(runner, alter), tmp_path / "direct")
    assert find_aliasing(direct, copied) == (expected,)


def test_it_is_found_without_the_taps_between(runner: OnnxRuntimeRunner, tmp_path: Path) -> None:
    taps = ("embed", "layers.0.resid_mid", "layers.0.resid_out", "layers.1.q", "layers.1.q_rope", "logits")
    copied = dump_of(runner.marked_otherwise(), tmp_path / "copied", taps=taps)
    direct = dump_of(Altered(runner, added_in_place), tmp_path / "direct", taps=taps)
    assert find_aliasing(direct, copied) == ("layers.0.resid_mid",)


def test_rows_that_were_marked_directly_are_aliased_and_copies_are_safe(
    runner: OnnxRuntimeRunner, tmp_path: Path
) -> None:
    copied = dump_of(runner.marked_otherwise(), tmp_path / "copied")
    direct = dump_of(Altered(runner, rotated_in_place), tmp_path / "direct")
    of_direct, of_copied = compare_dumps(copied, direct), compare_dumps(copied, copied)
    judged = with_aliasing(of_direct, direct, copied, copied=True)
    assert [row.tap for row in judged.rows if row.status == "aliased"] == ["layers.1.q"]
    assert judged.preflight[-1].severity == "warning"
    safe = with_aliasing(of_copied, copied, direct, copied=False)
    assert safe.rows == of_copied.rows
    assert (safe.preflight[-1].severity, safe.preflight[-1].subject) == ("note", "layers.1.q")
    agreed = with_aliasing(of_copied, copied, copied, copied=False)
    assert "none shows another tensor" in agreed.preflight[-1].sentence


def test_dumps_of_other_networks_or_tokens_are_refused(runner: OnnxRuntimeRunner, tmp_path: Path) -> None:
    one = dump_of(runner, tmp_path / "one")
    digest: Mapping[str, str] = {"weights_digest": "other"}
    other = replace(one, manifest=replace(one.manifest, runner=replace(one.manifest.runner, **digest)))
    with pytest.raises(ParityError, match="different weights"):
        find_aliasing(one, other)
    shorter = record(
        runner, [random_phase(5, 4)], taps=list(runner.describe().graph), role="candidate", out=tmp_path / "shorter"
    )
    with pytest.raises(ParityError, match="different tokens"):
        find_aliasing(one, shorter)
    with pytest.raises(ParityError, match="no tap in common"):
        find_aliasing(dump_of(runner, tmp_path / "a", taps=["embed"]), dump_of(runner, tmp_path / "b", taps=["logits"]))


_CHAIN = TapGraph(
    tuple(
        Tap(f"t{i}", "linear", (f"t{i - 1}",) if i else (), ("batch", "token", "channel"), (None, None, 32))
        for i in range(12)
    )
)


@dataclass(frozen=True)
class Chain:
    """Taps one after the other, each off by its entry of `errors` (rel-L2), drawn from `seed`."""

    seed: int
    errors: Sequence[float]
    dtype: str

    def describe(self) -> RunnerInfo:
        return RunnerInfo("made", "chain", self.dtype, "w", _CHAIN)

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        truth, rng = np.random.default_rng(0), np.random.default_rng(self.seed)
        for tap, error in zip(taps, self.errors, strict=True):
            values = truth.normal(size=(*phase.tokens.ids.shape, 32))
            sink(tap.name, (values * (1 + error * rng.normal(size=values.shape))).astype(np.float32))


def chains(tmp_path: Path, one: Sequence[float], other: Sequence[float], *, dtype: str) -> tuple[str, ...]:
    sides = [Chain(seed, errors, dtype) for seed, errors in ((1, one), (2, other))]
    dumps = [record(side, [PHASE], taps=_CHAIN.taps, role="candidate", out=tmp_path / str(side.seed)) for side in sides]
    return find_aliasing(*dumps)


def test_noise_that_grows_from_tap_to_tap_is_none(tmp_path: Path) -> None:
    growing = [2e-3 * 1.5**i for i in range(12)]  # to 17%, as bf16 has it behind many layers
    assert chains(tmp_path, growing, growing, dtype="bfloat16") == ()


def test_a_tensor_that_one_more_layer_was_added_to_is_told_from_noise(tmp_path: Path) -> None:
    noise = [3e-4] * 12
    changed = [*noise[:5], 0.02, *noise[6:]]
    assert chains(tmp_path, changed, noise, dtype="float16") == ("t5",)


def test_sums_that_cancel_in_fp32_are_none(tmp_path: Path) -> None:
    assert chains(tmp_path, [1e-7, 2e-4, *[1e-7] * 10], [1e-7] * 12, dtype="float32") == ()
