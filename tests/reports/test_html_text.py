from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from parity.reports.html.text import visible_piece, visible_text


def test_ordinary_text_stays_as_it_is() -> None:
    assert visible_text("déjà vu 你好 🙂 <b>&") == "déjà vu 你好 🙂 <b>&"


def test_line_breaks_become_signs() -> None:
    assert visible_text("a\n\tb\r") == "a⏎⇥b␍"


def test_spaces_of_a_piece_are_visible() -> None:
    assert visible_piece(" the") == "␣the"


def test_characters_that_turn_text_around_are_escaped() -> None:
    assert visible_text("a\u202eb\u2066c") == "a\\u202eb\\u2066c"


def test_letters_of_right_to_left_scripts_stay() -> None:
    assert visible_text("שלום مرحبا") == "שלום مرحبا"


def test_nul_escape_and_lone_surrogate_are_escaped() -> None:
    assert visible_text("\x00\x1b[31m\ud800") == "\\x00\\x1b[31m\\ud800"


@given(st.text(alphabet=st.characters()))
def test_whatever_comes_in_can_be_written_and_seen(text: str) -> None:
    shown = visible_text(text)
    shown.encode("utf-8")
    assert not [c for c in shown if unicodedata.category(c) == "Cc"]
