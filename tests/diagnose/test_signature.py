"""What an unexplained residual looks like, in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy_decoder import make_case
from planting import changed_output, put_out, qwen2

from parity.diagnose import describe
from parity.replay.arrays import Floats

DOWN, Q = "layers.1.mlp_out", "layers.1.q"
PLACES = np.arange(48)[:, None]


def noise(y: Floats, size: float = 0.02) -> Floats:
    return size * np.sqrt(np.square(y[y != 0]).mean()) * np.random.default_rng(0).standard_normal(y.shape)


def described(change: Callable[[Floats], Floats], *, tap: str = DOWN, dtype: str = "float32") -> str:
    return describe(make_case(qwen2(), tap, changed_output(tap, change), dtype=dtype))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_noise_without_structure_is_called_random(dtype: str) -> None:
    text = described(lambda y: y + noise(y), dtype=dtype)
    assert "no structure" in text
    assert re.search(r"The residual is 0\.0\d+ of the output \(R ", text)


def test_the_size_of_a_rounding_is_recognised() -> None:
    assert re.search(r"as much as (0\.9\d*|1|1\.\d+) roundings to bf16", described(lambda y: y + noise(y, 1.7e-3)))


def test_a_few_roundings_of_its_own_dtype_are_recognised() -> None:
    text = described(lambda y: y + noise(y, 4e-7))
    assert re.search(r"as much as 1\d roundings to the candidate's own fp32", text), text


def test_what_is_within_noise_is_said() -> None:
    assert "nothing is beyond noise" in described(lambda y: y)


def test_twice_the_noise_everywhere_is_no_noise_though_no_token_stands_out() -> None:
    text = described(lambda y: y + noise(y, 6e-8))
    assert "more than noise at most tokens, and none stands out" in text
    assert "roundings to the candidate's own fp32" in text


def test_an_exact_output_is_said() -> None:
    case = put_out(DOWN, lambda y: y)
    assert "exactly" in describe(replace(case, output=case.predicted))


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_growth_along_the_prompt_has_its_power(power: float) -> None:
    text = described(lambda y: y + noise(y, 0.001) * (1 + PLACES) ** power)
    found = re.search(r"grows along the prompt, about as the power (\S+) of", text)
    assert found
    assert float(found[1]) == pytest.approx(power, rel=0.2)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (PLACES == 0, "only the first token of each prompt errs"),
        (PLACES >= 15, "only tokens from 15 on err"),
        (PLACES < 10, "only tokens up to 9 err"),
        (np.arange(2)[:, None, None] == 1, "only prompt 1 of 2 errs"),
        (PLACES == 31, "only 1 of 68 tokens err: 31"),
    ],
)
def test_where_in_the_prompts_is_told(chosen: np.ndarray, words: str) -> None:
    assert words in described(lambda y: np.where(chosen, y + noise(y), y))


@pytest.mark.parametrize(
    ("tap", "chosen", "words"),
    [
        (Q, (np.arange(4) == 2)[:, None], "90% of it sits in head 2 of 4"),
        (DOWN, np.isin(np.arange(64), (3, 7)), "90% of it sits in channels 3, 7 of 64"),
        (DOWN, np.arange(64) == 60, "90% of it sits in channel 60 of 64"),
    ],
)
def test_heads_and_channels_are_told(tap: str, chosen: np.ndarray, words: str) -> None:
    def change(y: Floats) -> Floats:
        by_head = y.reshape(*y.shape[:2], *((4, 16) if tap == Q else (64,)))
        return np.where(chosen, by_head + noise(by_head), by_head)

    assert words in described(change, tap=tap)


def test_channels_that_are_simply_large_are_not_blamed() -> None:
    def change(y: Floats) -> Floats:
        return y * (1 + 0.01 * np.random.default_rng(1).standard_normal(y.shape))

    large = {"layers.1.act": lambda reference, inputs: inputs[0] * inputs[1] * np.where(np.arange(96) == 5, 1e3, 1)}
    text = describe(make_case(qwen2(), "layers.1.act", changed_output("layers.1.act", change), everywhere=large))
    assert "sits in channel" not in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y: 1.02 * y + noise(y, 0.005), "constant ratio: the output times 1.02"),
        (lambda y: y + noise(y, 0.005) + 0.05 * np.sin(np.arange(64)), "constant offset: the same vector"),
    ],
)
def test_ratio_and_offset_have_their_share(change: Callable[[Floats], Floats], words: str) -> None:
    assert re.search(rf"\d+% of it is a {words}", described(change))


def test_the_input_that_it_follows_is_named() -> None:
    def only_branch(reference, inputs):  # type: ignore[no-untyped-def]
        return inputs[0] + inputs[1] + 0.05 * inputs[1] * np.random.default_rng(0).standard_normal(inputs[1].shape)

    assert "layers.1.mlp_out alone" in describe(make_case(qwen2(), "layers.1.resid_out", only_branch))


def test_an_input_that_it_is_a_multiple_of_is_named() -> None:
    def mixed(reference, inputs):  # type: ignore[no-untyped-def]
        return inputs[0] + 1.1 * inputs[1] + noise(inputs[0], 0.01)

    assert re.search(
        r"\d+% of it is 0\.\d+ times layers.1.mlp_out", describe(make_case(qwen2(), "layers.1.resid_out", mixed))
    )
