from __future__ import annotations

from selftest_cases import alarm, control, fault, outcome

from parity.selftest.summary import group_rates, missed, unmet

RIGHT = (("layers.3.q_rope", "rotary_base"),)


def test_rates_are_counted_by_dtype_and_group() -> None:
    case, half = fault(*RIGHT), fault(*RIGHT, dtype="float16")
    outcomes = [outcome(case, *RIGHT), outcome(case, ("layers.3.q_rope", "")), outcome(half), alarm(control())]
    fp32, sound, fp16 = group_rates(outcomes)
    assert (fp32.dtype, fp32.group, fp32.cases) == ("float32", "B", 2)
    assert (fp32.detected, fp32.right_tap, fp32.right_cause) == (2, 2, 1)
    assert (sound.group, sound.detected) == ("sound", 1)
    assert (fp16.right_tap, fp16.seconds) == (0, 1.25)


def test_all_targets_met_is_nothing_unmet() -> None:
    assert unmet([outcome(fault(*RIGHT), *RIGHT), outcome(control(), failing=False)]) == ()


def test_every_target_can_be_missed() -> None:
    undetected = outcome(fault(*RIGHT), failing=False)
    words = " ".join(unmet([undetected, alarm(control())]))
    for part in ("detected 0.0%", "right tap 0.0%", "right cause 0.0%", "1 false alarms"):
        assert part in words


def test_half_precision_may_hide_a_tenth() -> None:
    case = fault(*RIGHT, dtype="float16")
    found, hidden = outcome(case, *RIGHT), outcome(case, failing=False)
    assert unmet([found] * 9 + [hidden]) == ()
    assert "float16: detected" in unmet([found] * 8 + [hidden] * 2)[0]


def test_a_miss_is_told_with_its_reason() -> None:
    case = fault(*RIGHT)
    assert missed(outcome(case, *RIGHT)) == ""
    assert "not detected" in missed(outcome(case, failing=False))
    assert "at layers.1.k instead of layers.3.q_rope" in missed(outcome(case, ("layers.1.k", "")))
    assert "not explained, instead of rotary_base" in missed(outcome(case, ("layers.3.q_rope", "")))
    assert "false alarm at layers.0.act" in missed(alarm(control()))
    assert missed(outcome(control(), failing=False)) == ""
