"""A made-up `Comparison` with the shape of real ones, for the tests of every view.

Noise grows with the square root of the depth; a fault starts at one tap and fades as the residual stream
carries it on; the numbers of one row agree with one another as those of Gaussian errors do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from parity.comparison import (
    SCHEMA_VERSION,
    ArrayInfo,
    ChannelError,
    Comparison,
    ErrorMetrics,
    HeadError,
    Histogram,
    NoiseMetrics,
    NonFinite,
    Prompt,
    Side,
    TapResult,
    TokenError,
    TokenProfile,
    WorstElement,
)
from parity.dtypes import ROUNDING_REL_L2, dtype_info
from parity.limits import AppliedLimits, Limits, default_limits
from parity.taps import DecoderShape, Tap, decoder_taps

__all__ = ["make_comparison", "with_odd_rows"]

_TEXTS = (
    "def main():",
    "The capital of France is",
    "import numpy as np\n\nx = np.zeros(",
    "<|im_start|>user\nHello",
)
_PIECES = ("def", " main", "():", "\n", " the", " model", "=", " 0", "<|im_start|>", "user", " of", " France")
_WRITES_TO_RESIDUAL = ("attn_out", "mlp_out", "resid_mid", "resid_out", "final_norm", "logits", "embed")
_SCALES = {"embed": 0.02, "logits": 3.0, "resid_mid": 2.0, "resid_out": 2.0, "act": 0.2, "attn_ctx": 0.3}


@dataclass(frozen=True)
class _Setting:
    shape: DecoderShape
    lengths: tuple[int, ...]
    dtype: str
    fault: str | None
    fault_strength: float
    floor: bool
    limits: Limits

    @property
    def tokens(self) -> int:
        return sum(self.lengths)

    @property
    def bucket(self) -> int:
        return max(1, math.ceil(self.tokens / 128))


def make_comparison(
    *,
    layers: int = 6,
    tokens: int = 480,
    prompts: int = 4,
    fault_layer: int | None = None,
    fault_kind: str = "attn_out",
    fault_strength: float = 40.0,
    dtype: str = "float16",
    floor: bool = True,
    phases: Sequence[str] = ("prefill",),
    texts: Sequence[str] = _TEXTS,
    qk_norm: bool = False,
    odd_rows: bool = False,
    limits: Limits | None = None,
    seed: int = 0,
) -> Comparison:
    """A comparison of `layers` × 15 + 3 rows a phase, the same for the same arguments.

    Args:
        layers: decoder layers.
        tokens: real tokens of all prompts together; the first prompt holds most of them.
        prompts: number of prompts.
        fault_layer: the layer whose `fault_kind` tap leaves the reference; None for a clean run.
        fault_kind: the tap of that layer where the fault starts.
        fault_strength: R of the fault at its own tap.
        dtype: what the candidate computes in (numpy's name).
        floor: whether a noise floor was recorded.
        phases: names of the phases, the fault is in each; those named `decode…` have one token a prompt.
        texts: beginnings of the prompts, used in turn.
        qk_norm: add the `q_norm` and `k_norm` taps of Qwen3.
        odd_rows: replace some rows as `with_odd_rows` does.
        limits: what is judged by; the shipped limits of `dtype` where None.
        seed: of the noise.
    """
    setting = _Setting(
        shape=DecoderShape(layers, 512, 8, 2, 64, 1408, 4096, qk_norm),
        lengths=_lengths(tokens, prompts),
        dtype=dtype,
        fault=None if fault_layer is None else f"layers.{fault_layer}.{fault_kind}",
        fault_strength=fault_strength,
        floor=floor,
        limits=default_limits(dtype) if limits is None else limits,
    )
    rng = np.random.default_rng(seed)
    comparison = Comparison(
        schema_version=SCHEMA_VERSION,
        parity_version="0.1.0",
        reference=_side("reference", "transformers", "float32"),
        candidate=_side("candidate", "onnxruntime", dtype),
        floor=_side("floor", "transformers", dtype) if floor else None,
        limits=setting.limits,
        prompts=tuple(Prompt(n, texts[i % len(texts)]) for i, n in enumerate(setting.lengths)),
        rows=tuple(row for phase in phases for row in _phase_rows(setting, phase, rng)),
        seconds=0.41,
    )
    return with_odd_rows(comparison) if odd_rows else comparison


def with_odd_rows(comparison: Comparison) -> Comparison:
    """`comparison` with one row each of: not finite, shape, missing, not observable, extra."""
    rows = list(comparison.rows)
    dtype = comparison.candidate.dtype
    rows[-2] = replace(
        _bare(
            rows[-2],
            "not finite",
            "the candidate holds 3 values that are NaN or infinite, the reference none",
        ),
        non_finite=NonFinite(0, 3),
        worst=WorstElement((1, 5, 77), ("batch", "token", "channel"), 0.25, math.inf),
    )
    rows[-4] = replace(
        _bare(rows[-4], "shape", "the reference has shape [4, 420, 1408], the candidate [4, 420, 704]"),
        reference=ArrayInfo("float32", (4, 420, 1408)),
        candidate=ArrayInfo(dtype, (4, 420, 704)),
    )
    rows[-6] = replace(_bare(rows[-6], "missing", "asked for, but absent from the candidate's dump"), candidate=None)
    rows[-7] = replace(
        _bare(rows[-7], "not observable", "the candidate cannot give it: fused into the attention kernel"),
        candidate=None,
    )
    extra = replace(rows[-5], phase=rows[-1].phase, tap="layers.99.resid_out", layer=99, op="add", inputs=())
    rows.append(
        replace(
            _bare(extra, "extra", "in the candidate's dump, but absent from the reference's"),
            reference=None,
            candidate=ArrayInfo(dtype, (4, 420, 512)),
        )
    )
    return replace(comparison, rows=tuple(rows))


def _bare(row: TapResult, status: str, reason: str) -> TapResult:
    return replace(
        row,
        status=status,
        reason=reason,
        flagged=False,
        elements=0,
        non_finite=None,
        errors=None,
        noise=None,
        worst=None,
        profile=None,
        histogram=None,
        worst_tokens=(),
        worst_channels=(),
        heads=(),
    )


def _lengths(tokens: int, prompts: int) -> tuple[int, ...]:
    short = max(1, tokens // (4 * prompts))
    return (tokens - short * (prompts - 1), *([short] * (prompts - 1)))


def _side(role: str, runner: str, dtype: str) -> Side:
    return Side(
        role=role,
        runner=runner,
        model="bundled-qwen2",
        dtype=dtype,
        weights_digest="3f2a" * 16,
        versions={"numpy": "2.4.1", "torch" if runner == "transformers" else "onnxruntime": "1.32.0"},
        flags={"attention": "eager"} if runner == "transformers" else {"optimisation": "all"},
        dump=role,
    )


def _phase_rows(setting: _Setting, phase: str, rng: np.random.Generator) -> list[TapResult]:
    if phase.startswith("decode"):
        setting = replace(setting, lengths=(1,) * len(setting.lengths))
    rows, since_fault = [], -1
    for tap in decoder_taps(setting.shape):
        if tap.on_request:
            continue
        if since_fault >= 0 or tap.name == setting.fault:
            since_fault += 1
        rows.append(_row(setting, phase, tap, since_fault, rng))
    return rows


def _row(setting: _Setting, phase: str, tap: Tap, since_fault: int, rng: np.random.Generator) -> TapResult:
    depth = 0.3 if tap.layer is None and tap.name == "embed" else 1 + (tap.layer or 0)
    if tap.name in ("final_norm", "logits"):
        depth = setting.shape.layers + 1
    unit = dtype_info(setting.dtype).unit_roundoff
    floor = ROUNDING_REL_L2 * unit * math.sqrt(3.7 * depth) * np.exp(rng.normal(0, 0.15, setting.tokens))
    ratio = np.exp(rng.normal(0, 0.06, setting.tokens)) * _fault_ratio(setting, tap, since_fault)
    if since_fault >= 0:
        ratio *= np.exp(rng.normal(0, 0.5, setting.tokens))
    error = floor * ratio
    rel_l2 = float(np.sqrt(np.mean(error**2)))
    limits = setting.limits.for_tap(tap.name)
    errors = _errors(rel_l2, scale=_scale(tap), elements=_elements(setting, tap))
    noise = NoiseMetrics(
        float(np.median(ratio)),
        float(ratio.max()),
        float(np.sqrt(np.mean(floor**2))),
        "rounding" if tap.name == "embed" else "measured",
    )
    flagged = getattr(errors, limits.flag_metric) > limits.flag_threshold
    status, reason = _judge(flagged, noise if setting.floor else None, limits)
    return TapResult(
        phase=phase,
        tap=tap.name,
        layer=tap.layer,
        op=tap.op,
        inputs=tap.inputs,
        status=status,
        reason=reason,
        flagged=flagged,
        limits=limits,
        reference=ArrayInfo("float32", _array_shape(setting, tap)),
        candidate=ArrayInfo(setting.dtype, _array_shape(setting, tap)),
        elements=_elements(setting, tap),
        non_finite=NonFinite(0, 0),
        errors=errors,
        noise=noise if setting.floor else None,
        worst=_worst(tap, errors.max_abs, rng),
        profile=_profile(setting, error, ratio),
        histogram=_histogram(setting, tap, rel_l2, noise.floor_rel_l2),
        worst_tokens=_worst_tokens(setting, error, ratio),
        worst_channels=_worst_channels(tap, rel_l2, since_fault, rng),
        heads=_heads(setting, tap, rel_l2, noise.floor_rel_l2, since_fault),
    )


def _fault_ratio(setting: _Setting, tap: Tap, since_fault: int) -> float:
    if since_fault < 0:
        return 1.0
    fading = setting.fault_strength / (1 + 0.15 * since_fault)
    return max(3.0, fading if tap.kind in _WRITES_TO_RESIDUAL else 0.7 * fading)


def _scale(tap: Tap) -> float:
    return _SCALES.get(tap.kind, 1.0) * (1 + 0.1 * (tap.layer or 0))


def _array_shape(setting: _Setting, tap: Tap) -> tuple[int, ...]:
    return tuple(
        size if size is not None else len(setting.lengths) if axis == "batch" else max(setting.lengths)
        for axis, size in zip(tap.axes, tap.sizes, strict=True)
    )


def _elements(setting: _Setting, tap: Tap) -> int:
    width: int = math.prod(size for size in tap.sizes if size is not None)
    return setting.tokens * width


def _errors(rel_l2: float, *, scale: float, elements: int) -> ErrorMetrics:
    sigma = rel_l2 * scale
    return ErrorMetrics(
        mean_abs=0.798 * sigma,
        median_abs=0.6745 * sigma,
        p99_abs=2.576 * sigma,
        max_abs=math.sqrt(2 * math.log(elements)) * sigma,
        mean_rel=0.637 * math.log(elements) * rel_l2,
        median_rel=rel_l2,
        p99_rel=63.7 * rel_l2,
        max_rel=min(0.6 * elements, 1e5) * rel_l2,
        rel_l2=rel_l2,
        cosine=1 - rel_l2**2 / 2,
        norm_ratio=1 + 0.1 * rel_l2,
        sqnr_db=-20 * math.log10(rel_l2),
    )


def _judge(flagged: bool, noise: NoiseMetrics | None, limits: AppliedLimits) -> tuple[str, str]:
    flag = f"{limits.flag_metric} is {'above' if flagged else 'within'} {limits.flag_threshold:g}"
    if noise is None:
        return "mismatch" if flagged else "match", f"{flag}, and no floor was recorded"
    if noise.noise_ratio > limits.noise_ratio:
        return "mismatch", f"median R {noise.noise_ratio:.1f} is above {limits.noise_ratio:g}"
    if noise.worst_token_noise_ratio > limits.worst_token_noise_ratio:
        worst = noise.worst_token_noise_ratio
        return "mismatch", f"R of the worst token, {worst:.1f}, is above {limits.worst_token_noise_ratio:g}"
    return "rounding" if flagged else "match", f"{flag}, and R is within its limits"


def _worst(tap: Tap, max_abs: float, rng: np.random.Generator) -> WorstElement:
    index = tuple(axis if size is None else int(rng.integers(0, size)) for axis, size in enumerate(tap.sizes))
    return WorstElement(index, tap.axes, 1.25, 1.25 + max_abs)


def _profile(setting: _Setting, error: np.ndarray, ratio: np.ndarray) -> TokenProfile:
    starts = np.arange(0, setting.tokens, setting.bucket)
    return TokenProfile(
        setting.bucket,
        tuple(np.maximum.reduceat(error, starts).tolist()),
        tuple(np.maximum.reduceat(ratio, starts).tolist()) if setting.floor else (),
    )


def _histogram(setting: _Setting, tap: Tap, rel_l2: float, floor_rel_l2: float) -> Histogram:
    edges = np.arange(-36, 13) / 2
    elements, scale = _elements(setting, tap), _scale(tap)
    return Histogram(
        tuple(edges.tolist()),
        _counts(edges, rel_l2 * scale, elements),
        _counts(edges, floor_rel_l2 * scale, elements) if setting.floor else (),
        elements // 50,
        elements // 50 if setting.floor else 0,
    )


def _counts(edges: np.ndarray, sigma: float, elements: int) -> tuple[int, ...]:
    below = np.array([math.erf(10**edge / (sigma * math.sqrt(2))) for edge in edges])
    return tuple(int(n) for n in np.diff(below) * (elements - elements // 50))


def _worst_tokens(setting: _Setting, error: np.ndarray, ratio: np.ndarray) -> tuple[TokenError, ...]:
    starts = np.cumsum((0, *setting.lengths[:-1]))
    found = []
    for flat in np.argsort(ratio if setting.floor else error)[::-1][:8]:
        prompt = int(np.searchsorted(starts, flat, side="right")) - 1
        r = float(ratio[flat]) if setting.floor else None
        piece = _PIECES[int(flat) % len(_PIECES)]
        found.append(TokenError(prompt, int(flat - starts[prompt]), piece, float(error[flat]), r))
    return tuple(found)


def _worst_channels(tap: Tap, rel_l2: float, since_fault: int, rng: np.random.Generator) -> tuple[ChannelError, ...]:
    channels, has_heads = tap.sizes[-1] or 1, "head" in tap.axes
    shares = (0.31, 0.12, 0.06, 0.03, 0.02, 0.01) if since_fault == 0 else (0.03, 0.02, 0.01, 0.01, 0.01, 0.01)
    return tuple(
        ChannelError(
            int(rng.integers(0, tap.sizes[2] or 1)) if has_heads else None,
            int(rng.integers(0, channels)),
            share,
            rel_l2 * math.sqrt(share * channels),
            1.0,
        )
        for share in shares
    )


def _heads(setting: _Setting, tap: Tap, rel_l2: float, floor_rel_l2: float, since_fault: int) -> tuple[HeadError, ...]:
    if "head" not in tap.axes:
        return ()
    count = tap.sizes[2] or 1
    return tuple(
        HeadError(
            head,
            error := rel_l2 * (1.8 if since_fault == 0 and head == 1 else 1 - 0.02 * head),
            error / floor_rel_l2 if setting.floor else None,
        )
        for head in range(count)
    )
