from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sample_comparison import make_comparison
from sample_diagnosis import with_diagnosis

from parity.reports.html import render_html, write_html
from parity.reports.html.thresholds import thresholds

HOSTILE = "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned=1'>\"' {{ 7 * 7 }} \x00\u202e"


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def _tags(text: str, *names: str) -> list[dict[str, str | None]]:
    parser = _Elements()
    parser.feed(text)
    return [attributes for tag, attributes in parser.tags if tag in names]


def test_nothing_is_loaded_from_elsewhere() -> None:
    text = render_html(make_comparison(layers=1))
    links = [a.get("src") or a.get("href") or "" for a in _tags(text, "script", "link", "img", "iframe", "a")]
    assert [link for link in links if link and not link.startswith(("#", "data:"))] == []
    assert "@import" not in text
    assert "url(" not in text


def test_only_the_script_of_the_report_may_run() -> None:
    text = render_html(make_comparison(layers=1))
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in text or f"script-src 'sha256-{digest}'" in text


def test_hostile_text_makes_no_element() -> None:
    comparison = make_comparison(layers=1, texts=(HOSTILE,))
    side = replace(comparison.candidate, model=HOSTILE, runner=HOSTILE, versions={HOSTILE: HOSTILE})
    row = replace(comparison.rows[0], tap=HOSTILE, reason=HOSTILE, status="mismatch")
    text = render_html(replace(comparison, candidate=side, rows=(row, *comparison.rows[1:])), run=HOSTILE)
    assert len(_tags(text, "script")) == 2
    assert _tags(text, "img") == []
    assert "\x00" not in text
    assert "\u202e" not in text


def test_the_first_rows_can_be_read_without_a_script() -> None:
    comparison = make_comparison(layers=10)
    text = render_html(comparison)
    body = text[text.index("<tbody>") : text.index("</tbody>")]
    assert body.count("<tr>") == 100
    assert "layers.0.input_norm" in body
    assert f"The first 100 of {len(comparison.rows)} rows" in text


def test_columns_of_the_noise_ratio_are_left_out_without_a_floor() -> None:
    text = render_html(make_comparison(layers=1, floor=False))
    assert "no noise floor" in text
    assert 'data-column="noise_ratio"' not in text
    assert 'data-column="noise_ratio"' in render_html(make_comparison(layers=1))


def test_columns_of_roles_are_left_out_where_nothing_was_taken_apart() -> None:
    comparison = make_comparison(layers=1)
    for name in ("role", "local_noise_ratio", "inherited_noise_ratio", "gain", "local_rel_l2", "inherited_rel_l2"):
        assert f'data-column="{name}"' not in render_html(comparison)
        assert f'data-column="{name}"' in render_html(with_diagnosis(comparison))


def test_limits_stand_with_their_reasons() -> None:
    comparison = make_comparison(layers=1)
    text = render_html(comparison)
    assert all(rule.reason in text for rule in (*comparison.limits.flags, *comparison.limits.noise))


def test_thresholds_are_converted_into_one_another() -> None:
    by_name = {threshold.name: threshold for threshold in thresholds(make_comparison(layers=1))}
    gate = by_name["cosine 0.99 (a usual gate)"]
    assert (gate.rel_l2, gate.cosine, gate.sqnr_db) == ("0.141", "0.990000", "17.0")
    assert by_name["one rounding to fp16"].rel_l2 == "2.08e-4"
    assert "this run at logits (prefill)" in by_name


def test_the_file_is_written_whole_and_alone(tmp_path: Path) -> None:
    write_html(make_comparison(layers=1, fault_layer=0), tmp_path / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.rstrip().endswith("</html>")
    assert f"parity report {tmp_path} --tap layers.0.attn_out" in text


def test_a_hundred_taps_take_half_a_second() -> None:
    comparison = with_diagnosis(make_comparison(layers=7, fault_layer=3))
    render_html(comparison)
    start = time.process_time()
    render_html(comparison)
    assert time.process_time() - start < 0.5


def test_two_phases_of_a_thousand_taps_stay_below_eight_megabytes() -> None:
    comparison = with_diagnosis(make_comparison(layers=66, tokens=1024, phases=("prefill", "again"), fault_layer=10))
    assert len(comparison.rows) > 1900
    assert len(render_html(comparison).encode()) < 8e6


@pytest.mark.parametrize("heavy", ["matplotlib", "pandas", "torch"])
def test_writing_the_report_imports_nothing_heavy(heavy: str) -> None:
    code = f"import parity.reports.html, sys; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_candidates_card_says_that_taps_come_from_several_engines() -> None:
    whole = make_comparison(layers=1)
    split = replace(whole, candidate=replace(whole.candidate, flags={"engines": "3"}))
    assert "Its taps were split over 3 engines, so that the outputs of each fit the memory." in render_html(split)
    assert "split over" not in render_html(whole)
