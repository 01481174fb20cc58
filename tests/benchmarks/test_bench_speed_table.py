"""The speed table: bounds, ratios, and rows that are not measured twice."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from benchmarks.tensorrt.figures import device_words
from benchmarks.tensorrt.speed_table import Measured, Rates, Setting, SpeedTable, Times, bound_of, time_calls
from parity.taps import DecoderShape

SHAPE = DecoderShape(layers=2, hidden=8, heads=2, kv_heads=1, head_dim=4, intermediate=12, vocabulary=16)
RATES = Rates(device_words(), copy_gb_per_s=1.0, matmul_tflop_per_s=1.0, copy_mib=1, matmul_size=1)
SETTING = Setting(2, 32)


def table(folder: Path) -> SpeedTable:
    made = SpeedTable(folder, folder, model="small", shape=SHAPE)
    made.keep_rates(RATES)
    return made


def measured(mode: str, median: float, **more: object) -> Measured:
    times = Times(median, 0.9 * median, 1.1 * median, 30)
    return replace(Measured("engine", "1.0", mode, SETTING, times, 3.0), **more)  # type: ignore[arg-type]


def test_the_bound_of_bytes_is_every_weight_once() -> None:
    weights = 2 * 8 * (8 + 2 * 4 + 8 + 3 * 12) + 8 * 16
    milliseconds, kind = bound_of(SHAPE, SETTING, replace(RATES, matmul_tflop_per_s=1e9))
    assert kind == "bytes"
    assert milliseconds == pytest.approx(1e3 * 2 * weights / 1e9)


def test_the_bound_of_operations_has_products_the_head_once_a_prompt_and_half_of_the_attention() -> None:
    layers, head = 2 * 8 * (8 + 2 * 4 + 8 + 3 * 12), 8 * 16
    attention = 2 * 2 * (2 * 32 * 32 * 8)
    milliseconds, kind = bound_of(SHAPE, SETTING, replace(RATES, copy_gb_per_s=1e9))
    assert kind == "operations"
    assert milliseconds == pytest.approx(1e3 * (2 * (64 * layers + 2 * head) + attention) / 1e12)


def test_ratios_are_to_sdpa_and_to_the_bound(tmp_path: Path) -> None:
    speeds = table(tmp_path)
    speeds.keep_last_logits(SETTING, np.array([[3.0, 4.0]]))
    speeds.add(measured("sdpa", 4.0))
    speeds.add(measured("engine", 2.0, last_logits=np.array([[3.0, 4.5]])))
    rows = SpeedTable(tmp_path, tmp_path, model="small", shape=SHAPE)._table.rows
    assert [row.ratio_to_hf_sdpa for row in rows] == [1.0, 0.5]
    assert rows[1].last_logits_rel_l2 == pytest.approx(0.1)
    assert rows[1].ratio_to_bound == pytest.approx(2.0 / rows[1].bound_ms, rel=1e-4)


def test_what_was_measured_is_there_and_what_failed_is_not(tmp_path: Path) -> None:
    speeds = table(tmp_path)
    speeds.add(measured("sdpa", 4.0))
    speeds.add(Measured("engine", "1.0", "compiled", SETTING, note="no compiler"))
    again = SpeedTable(tmp_path, tmp_path, model="small", shape=SHAPE)
    assert again.has("sdpa", SETTING)
    assert not again.has("sdpa", Setting(1, 32))
    assert not again.has("compiled", SETTING)
    assert not SpeedTable(tmp_path, tmp_path, model="another", shape=SHAPE).has("sdpa", SETTING)


def test_calls_are_warmed_up_waited_for_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count(step=0.5)
    monkeypatch.setattr("benchmarks.tensorrt.speed_table.time.perf_counter", lambda: next(ticks))
    events: list[str] = []
    times = time_calls(lambda: events.append("call"), lambda: events.append("wait"), repeats=10, seconds=2)
    assert events == ["call", "wait"] * (2 + 4)
    assert times == Times(500.0, 500.0, 500.0, 4)


def test_settings_are_read_and_have_prompts_of_their_size() -> None:
    assert Setting.parse_all("1x512,8x16") == [Setting(1, 512), Setting(8, 16)]
    assert Setting(8, 16).prompts(SHAPE).ids.shape == (8, 16)
