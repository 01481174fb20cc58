"""What all cases share: truth, floors and checkpoints of the models that they run on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from parity.dump import Dump
from parity.record import record
from parity.selftest.case import BUNDLED, QWEN3, Case, Recorded
from parity.selftest.small_qwen3 import save_small_qwen3
from parity.taps import select_taps
from parity.tokens import Phase, TokenBatch
from qwen_trt_model import bundled_model, bundled_prompts, convert
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.huggingface_config import read_huggingface_config

__all__ = ["Bench", "ModelBench", "model_configs", "prepare"]

_VOCABULARY, _POSITIONS = 2048, 1024

_PROMPTS = {3: 430, 4: 75}
"""Bundled prompts with the tokens that are kept of each: long enough for windows, short enough for many runs."""


@dataclass(frozen=True)
class ModelBench:
    """One model's share of the bench.

    Attributes:
        folder: where everything lies.
        model: the Hugging Face folder.
    """

    folder: Path
    model: Path

    @property
    def truth(self) -> Dump:
        """The reference in fp64."""
        return Dump.open(self.folder / "truth")

    def floor(self, dtype: str) -> Dump:
        """The noise floor of a dtype."""
        return Dump.open(self.folder / f"floor-{dtype}")

    def recorded(self, source: Recorded) -> Dump:
        """The Hugging Face model as a candidate."""
        return Dump.open(self.folder / f"recorded-{source.dtype}-{source.attention}")

    def checkpoint(self, dtype: str) -> Path:
        """The checkpoint to build networks from."""
        return self.folder / f"checkpoint-{dtype}"


@dataclass(frozen=True)
class Bench:
    """Everything that was recorded, in one folder."""

    folder: Path

    def of(self, model: str) -> ModelBench:
        """The share of `BUNDLED` or `QWEN3`."""
        folder = self.folder / model.replace(" ", "-")
        return ModelBench(folder, bundled_model() if model == BUNDLED else folder / "model")


def model_configs() -> dict[str, QwenConfig]:
    """Sizes and constants of the models that cases run on."""
    with tempfile.TemporaryDirectory() as folder:
        small = save_small_qwen3(Path(folder), vocabulary=_VOCABULARY, positions=_POSITIONS)
        folders = {BUNDLED: bundled_model(), QWEN3: small}
        return {name: read_huggingface_config(path, dtype="float32") for name, path in folders.items()}


def prepare(folder: Path, cases: Collection[Case]) -> Bench:
    """Record what `cases` need, in `folder`; needs PyTorch."""
    # Two runs of one kernel may share their sums among threads otherwise, and floors must not depend on that.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    bench, tokens = Bench(folder), _tokens()
    for model in sorted({case.model for case in cases}):
        mine = [case for case in cases if case.model == model]
        if model == QWEN3:
            save_small_qwen3(bench.of(model).model, vocabulary=_VOCABULARY, positions=_POSITIONS)
        _record(bench.of(model), tokens, mine)
    return bench


def _tokens() -> TokenBatch:
    from parity.hooks import encode_prompts, load_tokenizer
    from parity.prompts import read_prompts

    prompts = read_prompts(bundled_prompts())
    whole = encode_prompts([prompts[place] for place in _PROMPTS], load_tokenizer(bundled_model()), max_positions=None)
    rows = zip(whole.ids, whole.mask, _PROMPTS.values(), strict=True)
    return TokenBatch.from_sequences([ids[mask][:kept].tolist() for ids, mask, kept in rows])


def _record(bench: ModelBench, tokens: TokenBatch, cases: Collection[Case]) -> None:
    from parity.hooks import TransformersRunner, open_checkpoint

    checkpoint, phases = open_checkpoint(bench.model), [Phase("prefill", tokens)]
    truth = TransformersRunner(checkpoint, dtype="float64")
    taps = select_taps(truth.describe().graph, "all")
    record(truth, phases, taps=taps, role="reference", out=bench.folder / "truth")
    for dtype in sorted({case.dtype for case in cases}):
        floor = TransformersRunner(checkpoint, dtype=dtype)
        record(floor, phases, taps=taps, role="floor", out=bench.folder / f"floor-{dtype}")
    for dtype in sorted({case.checkpoint_dtype for case in cases} - {""}):
        convert(bench.model, bench.checkpoint(dtype), dtype=dtype)
    for source in {case.source for case in cases if isinstance(case.source, Recorded)}:
        runner = TransformersRunner(checkpoint, dtype=source.dtype, attention=source.attention)
        out = bench.folder / f"recorded-{source.dtype}-{source.attention}"
        record(runner, phases, taps=taps, role="candidate", out=out)
