"""Each fault of RoPE, with all hypotheses present, long prompts and massive activations: is its cause named first?"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy_decoder import QWEN3, Fault, make_case, make_reference
from planting import best_cause, with_outliers
from rotary_faults import (
    BF16,
    FP16,
    base,
    dynamic_ntk,
    from_tables,
    geometric,
    interleaved,
    llama3,
    logn,
    partial,
    rounded,
    rounded_arithmetic,
    turned,
    yarn,
)

from parity.diagnose import HYPOTHESES, explain
from parity.replay import Reference
from parity.replay.ops import rotate_half

TAP = "layers.1.k_rope"


@cache
def long_prompts() -> Reference:
    return with_outliers(make_reference(QWEN3, lengths=(70, 60)))


def lost_minus_sign(reference: Reference, inputs: tuple[np.ndarray, ...]) -> np.ndarray:
    (x,), half = inputs, inputs[0].shape[-1] // 2
    still, turn = turned(frequencies=lambda omega: 0 * omega), turned()
    sine = turn(reference, inputs) - turned(frequencies=lambda omega: -omega)(reference, inputs)  # 2·rotate_half·sin
    sign = np.where(rotate_half(still(reference, inputs)) == x, 1.0, np.where(np.arange(2 * half) < half, -1.0, 1.0))
    return turn(reference, inputs) + (sign - 1) * sine / 2


def only_from_head(first: int) -> Fault:
    turn, still = turned(), turned(frequencies=lambda omega: 0 * omega)

    def fault(reference: Reference, inputs: tuple[np.ndarray, ...]) -> np.ndarray:
        heads = np.arange(inputs[0].shape[2])[:, None]
        return np.where(heads < first, still(reference, inputs), turn(reference, inputs))

    return fault


FAULTS: dict[str, Fault] = {
    "rotary_base": turned(frequencies=base(1e4)),
    "rotary_exponent": turned(frequencies=base(1e3)),
    "rotary_geometric": turned(frequencies=geometric(1e6 ** (-1 / 16), 1e6)),
    "rotary_linear_scaling": turned(frequencies=lambda omega: omega / 4),
    "rotary_dynamic_ntk": dynamic_ntk(3, longer_than=65),
    "rotary_yarn": turned(frequencies=yarn(4, 1, 6), scale=0.1 * np.log(4) + 1),
    "rotary_llama3": turned(frequencies=llama3(8, 64.0)),
    "rotary_scale": turned(scale=1.2),
    "rotary_sections": turned(frequencies=lambda omega: np.where(abs(np.arange(omega.size) - 3) < 2, 0.0, omega)),
    "rotary_frequencies": turned(frequencies=lambda omega: omega * np.linspace(0.5, 2, omega.size) ** 2),
    "rotary_missing": turned(frequencies=lambda omega: 0 * omega),
    "rotary_missing_in_heads": only_from_head(1),
    "rotary_repeated": turned(frequencies=lambda omega: 2 * omega),
    "rotary_backwards": turned(frequencies=lambda omega: -omega),
    "rotary_cos_sin": from_tables(lambda p, omega: (np.sin(p * omega), np.cos(p * omega))),
    "rotary_half_sign": lost_minus_sign,
    "rotary_interleaved": interleaved,
    "rotary_partial": partial(16),
    "rotary_position_offset": turned(positions=lambda p, tokens: p + 1),
    "rotary_position_frozen": turned(positions=lambda p, tokens: np.minimum(p, 40)),
    "rotary_position_restart": turned(positions=lambda p, tokens: p % 32),
    "rotary_position_per_prompt": turned(positions=lambda p, tokens: p + np.array([[3], [11]])),
    "rotary_position_jump": turned(positions=lambda p, tokens: p + 5 * (p >= 33)),
    "rotary_positions": turned(positions=lambda p, tokens: (p * p) % 61),
    "rotary_logn": logn(40),
    "rotary_frequencies_rounded": turned(frequencies=lambda omega: rounded(omega, BF16)),
    "rotary_angles_rounded": from_tables(
        lambda p, omega: (np.cos(rounded(p * omega, BF16)), np.sin(rounded(p * omega, BF16)))
    ),
    "rotary_tables_rounded": from_tables(
        lambda p, omega: (rounded(np.cos(p * omega), BF16), rounded(np.sin(p * omega), BF16))
    ),
    "rotary_arithmetic_rounded": rounded_arithmetic(FP16),
}
"""A fault for each cause."""

BELOW_FP16 = ("rotary_arithmetic_rounded",)
"""Rounding to the engine's own format is no fault."""

PLANTED = [(name, "float32") for name in FAULTS] + [(name, "float16") for name in FAULTS if name not in BELOW_FP16]


@pytest.mark.parametrize(("expected", "dtype"), PLANTED)
def test_the_right_cause_stands_first(expected: str, dtype: str) -> None:
    assert best_cause(make_case(long_prompts(), TAP, FAULTS[expected], dtype=dtype)).hypothesis == expected


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_noise_is_not_explained(dtype: str) -> None:
    for tap in ("layers.0.q_rope", "layers.1.k_rope"):
        assert explain(make_case(long_prompts(), tap, turned(), dtype=dtype), HYPOTHESES) == ()


def test_every_cause_of_rope_is_planted() -> None:
    elsewhere = {"rotary_scaling_ignored"}  # needs a reference with scaling; see its own test
    expected = {hypothesis.name for hypothesis in HYPOTHESES if hypothesis.ops == ("rotary",)}
    assert expected - elsewhere == set(FAULTS)
