"""Limits: defaults, overrides by pattern, and what the command line may say."""

from __future__ import annotations

import pytest

from parity.errors import ParityError
from parity.limits import default_limits, parse_flag, parse_limit


def test_defaults_follow_the_dtype_of_the_candidate() -> None:
    assert default_limits("float32").for_tap("embed").noise_ratio == 3
    assert default_limits("float16").for_tap("embed").noise_ratio == 2
    assert default_limits("bfloat16").for_tap("embed").worst_token_noise_ratio == 4
    assert default_limits("float16").for_tap("logits").flag_metric == "mean_abs"


def test_every_shipped_limit_has_its_reason() -> None:
    limits = default_limits("float16")
    assert all(rule.reason for rule in (*limits.flags, *limits.noise))


def test_the_last_rule_that_matches_holds_and_the_rest_stays() -> None:
    limits = default_limits("float16").with_rules(
        parse_flag("layers.*.mlp_out:max_abs=0.5"), parse_limit("layers.3.*:median=7"), strict=True
    )
    applied = limits.for_tap("layers.3.mlp_out")
    assert (applied.flag_metric, applied.flag_threshold) == ("max_abs", 0.5)
    assert (applied.noise_ratio, applied.worst_token_noise_ratio) == (7, 4)
    assert limits.for_tap("layers.2.q") == default_limits("float16").for_tap("layers.2.q")
    assert limits.strict


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mean_abs", "expected NAME=NUMBER"),
        (":mean_abs=1", "expected NAME=NUMBER"),
        ("mean=1", "unknown name 'mean'"),
        ("mean_abs=tiny", "'tiny' is no positive number"),
        ("mean_abs=0", "'0' is no positive number"),
        ("mean_abs=nan", "'nan' is no positive number"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(text: str, words: str) -> None:
    with pytest.raises(ParityError, match=words):
        parse_flag(text)


def test_limits_name_their_own_option() -> None:
    with pytest.raises(ParityError, match=r"--limit: unknown name 'mean_abs'; there are median, worst_token"):
        parse_limit("mean_abs=1")
