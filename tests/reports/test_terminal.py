from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from made_rows import observed
from rich.console import Console
from sample_comparison import make_comparison

from parity.comparison import Comparison
from parity.limits import default_limits, parse_flag
from parity.message import first_divergence_sentence, verdict_line
from parity.reports.terminal import print_comparison

ALL_KINDS = [
    make_comparison(),
    make_comparison(fault_layer=3),
    make_comparison(fault_layer=3, odd_rows=True, floor=False),
    make_comparison(layers=66, fault_layer=30, odd_rows=True, phases=("prefill", "decode.0")),
    make_comparison(layers=101, prompts=20, qk_norm=True, dtype="bfloat16"),
]


def piped(comparison: Comparison, *, verbose: bool = False, run: str = "") -> str:
    stream = io.StringIO()
    print_comparison(comparison, console=Console(file=stream), verbose=verbose, run=run)
    return stream.getvalue()


def on_terminal(comparison: Comparison, *, width: int) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=width, color_system="standard", legacy_windows=False)
    print_comparison(comparison, console=console)
    return stream.getvalue()


def plain(text: str) -> list[str]:
    from rich.text import Text

    return [Text.from_ansi(line).plain for line in text.splitlines()]


@pytest.mark.parametrize("comparison", ALL_KINDS)
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_wider_than_100_columns(comparison: Comparison, verbose: bool) -> None:
    assert max(map(len, piped(comparison, verbose=verbose).splitlines())) <= 100
    assert max(map(len, plain(on_terminal(comparison, width=200)))) <= 100


@pytest.mark.parametrize("width", [60, 80, 99])
def test_a_narrow_terminal_loses_columns_and_says_which(width: int) -> None:
    lines = plain(on_terminal(ALL_KINDS[2], width=width))
    assert max(map(len, lines)) <= width
    header = next(line for line in lines if line.startswith("tap "))
    text = " ".join(lines)
    for title in ("R worst", "mean abs", "max abs", "rel-L2", "cosine"):
        assert (title in header) is not (f"{title}," in text or f"{title}." in text)


def test_a_pipe_gets_no_colours_and_no_lines() -> None:
    text = piped(ALL_KINDS[1])
    assert "\x1b" not in text
    assert not set("─━│┃╭╮") & set(text)


def test_a_terminal_gets_colours_and_the_same_words() -> None:
    text = on_terminal(ALL_KINDS[1], width=120)
    assert "\x1b[" in text
    assert [line for line in plain(text) if set(line) != {"─"}] == piped(ALL_KINDS[1]).splitlines()


def test_a_tap_stands_in_one_line_with_its_status_and_numbers() -> None:
    row = ALL_KINDS[1].row("layers.3.attn_out")
    (line,) = [line for line in piped(ALL_KINDS[1]).splitlines() if line.startswith("layers.3.attn_out  ")]
    assert row.noise is not None
    assert line.split()[:3] == ["layers.3.attn_out", "mismatch", f"{row.noise.noise_ratio:.1f}"]


def test_it_ends_with_sentence_verdict_and_command() -> None:
    comparison = ALL_KINDS[1]
    text = " ".join(piped(comparison, run="runs/first").split())
    ending = f"{first_divergence_sentence(comparison)} {verdict_line(comparison)} next: parity report runs/first --tap"
    assert ending in text
    assert text.endswith("layers.3.attn_out")
    assert "next:" not in piped(comparison)


def test_what_is_summed_up_is_counted() -> None:
    assert "75 of 93 taps share a line; --verbose gives each its own." in piped(ALL_KINDS[1])
    assert "share a line" not in piped(ALL_KINDS[1], verbose=True)


def test_limits_stand_with_their_reasons() -> None:
    limits = default_limits("float16").with_rules(parse_flag("layers.0.*:max_abs=0.5"))
    text = piped(make_comparison(layers=1, limits=limits))
    assert "mean_abs ≤ 0.001     the rule of hand-made ports" in text
    assert "max_abs ≤ 0.5 on layers.0.* asked for" in text
    assert "R worst ≤ 4" in text


def test_what_taps_change_stands_above_the_table_and_in_the_answer_where_they_do() -> None:
    for grade in ("faithful", "perturbing", "hides the bug"):
        text = piped(replace(make_comparison(), observer=observed(grade)))
        above, below = text.split("phase prefill", 1)
        assert f"observer   {grade}: with 93 taps, the reason of {grade}; a rebuild moves them by 0.770" in above
        assert ("cure: spread the taps: --probe-sets" in below) == (grade != "faithful")
        assert max(map(len, text.splitlines())) <= 100
        assert text.rstrip().splitlines()[-1].startswith("FAIL" if grade == "hides the bug" else "PASS")


def test_a_missing_floor_is_said() -> None:
    assert "floor      none recorded" in piped(ALL_KINDS[2])


def read_all(descriptor: int) -> bytes:
    text = b""
    try:
        while part := os.read(descriptor, 4096):
            text += part
    except OSError:  # how Linux says that nobody writes to a pseudo-terminal any more
        pass
    return text


def test_standard_output_is_plain_in_a_pipe_and_coloured_on_a_terminal() -> None:
    code = "from sample_comparison import make_comparison as m\n"
    code += "from parity.reports.terminal import print_comparison as p\np(m(layers=1, fault_layer=0))"
    environment = {name: value for name, value in os.environ.items() if "COLOR" not in name and "TTY" not in name}
    environment |= {"PYTHONPATH": str(Path(__file__).parent), "PYTHONIOENCODING": "utf-8", "TERM": "xterm"}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert b"layers.0.attn_out" in found.stdout
    assert b"\x1b" not in found.stdout
    leader, follower = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", code], stdout=follower, env=environment):
        os.close(follower)
        assert b"\x1b[" in read_all(leader)
    os.close(leader)


def test_taps_of_several_engines_are_said_to_be_that() -> None:
    whole = make_comparison(layers=1)
    split = replace(whole, candidate=replace(whole.candidate, flags={"engines": "3"}))
    assert "engines    its taps were split over 3 engines" in piped(split)
    assert "engines " not in piped(whole)
    sets = replace(whole, candidate=replace(whole.candidate, flags={"engines": "3", "probe_sets": "3"}))
    assert "each of which computes what the one without taps does" in " ".join(piped(sets).split())
