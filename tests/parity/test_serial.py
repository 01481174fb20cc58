"""Dataclasses through JSON and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.errors import ParityError
from parity.serial import from_plain, read_json, to_plain, write_json


@dataclass(frozen=True)
class Inner:
    number: float
    index: tuple[int, ...]


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner | None
    pairs: tuple[tuple[str, ...], ...]
    counts: Mapping[str, int]
    yes: bool


PLAIN: dict[str, Any] = {
    "name": "n",
    "inner": {"number": 1.5, "index": [1, 2]},
    "pairs": [["a"], []],
    "counts": {"x": 1},
    "yes": True,
}


@given(
    st.builds(
        Outer,
        st.text(),
        st.none() | st.builds(Inner, st.floats(allow_nan=False), st.lists(st.integers()).map(tuple)),
        st.lists(st.lists(st.text()).map(tuple)).map(tuple),
        st.dictionaries(st.text(), st.integers()),
        st.booleans(),
    )
)
def test_what_is_written_is_read(value: Outer) -> None:
    assert from_plain(Outer, json.loads(json.dumps(to_plain(value), allow_nan=False))) == value


def test_nan_is_read_as_nan() -> None:
    assert math.isnan(from_plain(Inner, to_plain(Inner(math.nan, ()))).number)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": 3}, r"f\.name: expected str, found '3'"),
        ({"inner": {"number": "1.5", "index": []}}, r"f\.inner\.number: expected a number"),
        ({"inner": {"number": 1.0}}, r"f\.inner: expected the keys of Inner; missing \['index'\]"),
        ({"yes": 1}, r"f\.yes: expected bool"),
        ({"counts": {"x": True}}, r"f\.counts\.x: expected int"),
        ({"pairs": ["ab"]}, r"f\.pairs\[0\]: expected a list"),
        ({"more": 1}, r"unknown \['more'\]"),
    ],
)
def test_a_damaged_value_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ParityError, match=words):
        from_plain(Outer, {**PLAIN, **change}, at="f")


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "inner.json"
    write_json(file, Inner(1.0, (1,)))
    file.write_text(file.read_text()[:-5])
    with pytest.raises(ParityError, match=r"inner\.json: not JSON"):
        read_json(file, Inner)
    with pytest.raises(ParityError, match=r"gone\.json: no such file"):
        read_json(tmp_path / "gone.json", Inner)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "inner.json"
    write_json(file, Inner(1.0, (1,)))
    with pytest.raises(TypeError):
        write_json(file, Inner(object(), ()))  # type: ignore[arg-type]
    assert read_json(file, Inner) == Inner(1.0, (1,))
    assert [path.name for path in tmp_path.iterdir()] == ["inner.json"]
