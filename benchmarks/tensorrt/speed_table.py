"""Rows of the speed table, each beside its bound: the time that no program on this device could beat.

A prefill has to read every weight of its matrix products once, and to make those products; the head reads the last
token of each prompt alone.
Bytes over the bandwidth of a large copy, or operations over the rate of a large product in fp16, whichever is longer,
is the bound; both rates are measured on the same machine in the same run. What is left out (activations, norms,
softmax, the rest of the attention's traffic) can only add to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from benchmarks.tensorrt.figures import Table, device_words, origin_line
from benchmarks.tensorrt.make_tokens import make_tokens
from parity.taps import DecoderShape
from parity.tokens import TokenBatch

__all__ = ["Measured", "Rates", "Setting", "SpeedRow", "SpeedTable", "Times", "bound_of", "time_calls"]

_BYTES_PER_VALUE = 2
_WARM_UPS = 2
_SEED = 0


@dataclass(frozen=True)
class Setting:
    """A prefill of `batch` prompts of `tokens` tokens each."""

    batch: int
    tokens: int

    @classmethod
    def parse_all(cls, text: str) -> list[Setting]:
        """Read ``1x512,8x512``."""
        return [cls(*(int(number) for number in part.split("x"))) for part in text.split(",")]

    def prompts(self, shape: DecoderShape) -> TokenBatch:
        """Random ids, the same for every engine."""
        return make_tokens(shape.vocabulary, [self.tokens] * self.batch, first=None, seed=_SEED)

    def __str__(self) -> str:
        return f"{self.batch}x{self.tokens}"


@dataclass(frozen=True)
class Rates:
    """What the device can do.

    Attributes:
        device: which.
        copy_gb_per_s: bytes read and written by a large copy within the device, 1e9 per second.
        matmul_tflop_per_s: operations of a large matrix product in fp16, 1e12 per second.
        copy_mib, matmul_size: how large they were.
    """

    device: str
    copy_gb_per_s: float
    matmul_tflop_per_s: float
    copy_mib: int
    matmul_size: int


@dataclass(frozen=True)
class Times:
    """Milliseconds of one prefill: its median, and the spread that four of five runs lie in."""

    median: float
    p10: float
    p90: float
    repeats: int


@dataclass(frozen=True)
class SpeedRow:
    """One prefill in one engine. Every engine computes the logits of the last token of each prompt.

    Attributes:
        model, layers: what was run.
        engine, version, mode: what ran it.
        device: where.
        batch, tokens: of the prefill.
        median_ms, p10_ms, p90_ms, repeats: from before the call until the device is done; no copies to or from it.
        bound_ms, bound_kind: the bound, and which it is: ``bytes`` or ``operations``.
        ratio_to_bound: median over bound.
        ratio_to_hf_sdpa: median over that of Hugging Face with sdpa; 0 where that was not measured.
        last_logits_rel_l2: distance of the last token's logits from those of Hugging Face with sdpa, in the same dtype;
            0 where that was not measured.
        prepare_seconds: building or compiling.
        note: what went wrong; empty where nothing did.
    """

    model: str
    layers: int
    engine: str
    version: str
    mode: str
    device: str
    batch: int
    tokens: int
    median_ms: float
    p10_ms: float
    p90_ms: float
    repeats: int
    bound_ms: float
    bound_kind: str
    ratio_to_bound: float
    ratio_to_hf_sdpa: float
    last_logits_rel_l2: float
    prepare_seconds: float
    note: str


@dataclass(frozen=True, eq=False)
class Measured:
    """What one engine gives for one setting.

    Attributes:
        engine, version, mode: what ran.
        setting: the prefill.
        times: of the prefill; not a number where it failed.
        prepare_seconds: building or compiling.
        last_logits: of the last token, fp32 ``[batch, vocabulary]``; None where it failed.
        note: what went wrong.
    """

    engine: str
    version: str
    mode: str
    setting: Setting
    times: Times = Times(float("nan"), float("nan"), float("nan"), 0)
    prepare_seconds: float = 0.0
    last_logits: np.ndarray | None = None
    note: str = ""


class SpeedTable:
    """The rows in ``speed.csv``, with ``speed_rates.csv`` beside them.

    Args:
        out: folder of both files.
        scratch: folder that keeps the last logits of Hugging Face for other engines.
        model: name of the model.
        shape: its sizes.
    """

    def __init__(self, out: Path, scratch: Path, *, model: str, shape: DecoderShape) -> None:
        self._table = Table(out / "speed.csv", SpeedRow, origin=origin_line())
        self._rates_file = out / "speed_rates.csv"
        self._scratch = scratch
        self._model = model
        self._shape = shape
        self._device = device_words()

    @property
    def rates(self) -> Rates | None:
        """What was measured on this device."""
        found = [row for row in Table(self._rates_file, Rates, origin="").rows if row.device == self._device]
        return found[-1] if found else None

    def keep_rates(self, rates: Rates) -> None:
        """Add what was measured."""
        Table(self._rates_file, Rates, origin=origin_line()).add(rates)

    def has(self, mode: str, setting: Setting) -> bool:
        """Whether it was measured on this device."""
        return self._row(mode, setting) is not None

    def keep_last_logits(self, setting: Setting, logits: np.ndarray) -> None:
        """Keep Hugging Face's, ``[batch, vocabulary]``, for `add` to compare with."""
        np.save(self._logits_file(setting), logits)

    def add(self, measured: Measured) -> None:
        """Add a row and print it."""
        setting, rates, sdpa = measured.setting, self.rates, self._row("sdpa", measured.setting)
        bound, kind = bound_of(self._shape, setting, rates) if rates else (0.0, "unknown")
        found = measured.times.median
        row = SpeedRow(
            model=self._model,
            layers=self._shape.layers,
            engine=measured.engine,
            version=measured.version,
            mode=measured.mode,
            device=self._device,
            batch=setting.batch,
            tokens=setting.tokens,
            median_ms=found,
            p10_ms=measured.times.p10,
            p90_ms=measured.times.p90,
            repeats=measured.times.repeats,
            bound_ms=bound,
            bound_kind=kind,
            ratio_to_bound=found / bound if bound else 0.0,
            ratio_to_hf_sdpa=1.0 if measured.mode == "sdpa" else found / sdpa.median_ms if sdpa else 0.0,
            last_logits_rel_l2=self._distance(setting, measured.last_logits),
            prepare_seconds=measured.prepare_seconds,
            note=measured.note,
        )
        self._table.add(row)
        print(_line(row), flush=True)

    def _row(self, mode: str, setting: Setting) -> SpeedRow | None:
        wanted = (self._model, self._shape.layers, self._device, mode, setting.batch, setting.tokens)
        for row in self._table.rows:
            if (row.model, row.layers, row.device, row.mode, row.batch, row.tokens) == wanted and not row.note:
                return row
        return None

    def _distance(self, setting: Setting, logits: np.ndarray | None) -> float:
        if logits is None or not self._logits_file(setting).is_file():
            return 0.0
        reference = np.load(self._logits_file(setting)).astype(np.float64)
        return float(np.linalg.norm(logits - reference) / np.linalg.norm(reference))

    def _logits_file(self, setting: Setting) -> Path:
        return self._scratch / f"last-logits-{self._model}-{self._shape.layers}-{setting}.npy"


def _line(row: SpeedRow) -> str:
    times = f"{row.median_ms:9.3f} ms ({row.p10_ms:.3f} to {row.p90_ms:.3f})"
    ratios = f"{row.ratio_to_bound:.2f} x bound ({row.bound_kind}), {row.ratio_to_hf_sdpa:.2f} x sdpa"
    rest = f"rel-L2 {row.last_logits_rel_l2:.2g}, prepared in {row.prepare_seconds:.1f} s {row.note}"
    return f"{row.engine} {row.mode:10} {row.batch}x{row.tokens:<5} {times}, {ratios}, {rest}"


def bound_of(shape: DecoderShape, setting: Setting, rates: Rates) -> tuple[float, str]:
    """Milliseconds that a prefill takes at least, and what it is bound by.

    Operations: two for each weight and token that it is applied to; causal attention has half of
    ``4 · token² · head · head_dim`` a layer.
    """
    query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    layer = shape.hidden * (2 * query + 2 * key + 3 * shape.intermediate)
    layers, head = shape.layers * layer, shape.hidden * shape.vocabulary
    tokens = setting.batch * setting.tokens
    attention = shape.layers * setting.batch * 2 * setting.tokens**2 * query
    by_bytes = _BYTES_PER_VALUE * (layers + head) / (rates.copy_gb_per_s * 1e9)
    operations = 2 * (tokens * layers + setting.batch * head) + attention
    by_operations = operations / (rates.matmul_tflop_per_s * 1e12)
    seconds, kind = max((by_bytes, "bytes"), (by_operations, "operations"))
    return 1e3 * seconds, kind


def time_calls(call: Callable[[], object], wait: Callable[[], object], *, repeats: int, seconds: float) -> Times:
    """Time `call` until `wait` returns, `repeats` times or until `seconds` are over, after two calls to warm up.

    Args:
        call: begins the work.
        wait: returns when the device has done it.
        repeats: at most so many.
        seconds: of all repeats together; at least three are made.
    """
    for _ in range(_WARM_UPS):
        call()
        wait()
    taken: list[float] = []
    while len(taken) < repeats and (sum(taken) < seconds or len(taken) < 3):
        started = time.perf_counter()
        call()
        wait()
        taken.append(time.perf_counter() - started)
    tenths = quantiles(taken, n=10, method="inclusive")
    return Times(1e3 * median(taken), 1e3 * tenths[0], 1e3 * tenths[-1], len(taken))
