from __future__ import annotations

import json
from pathlib import Path

import pytest

from parity.engines.precision_file import PrecisionAssignment, read_precision, write_precision
from parity.errors import ParityError

TAPS = ("embed", "layers.0.q", "layers.0.act", "layers.1.q", "layers.1.act", "logits")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assignment = PrecisionAssignment(("layers.*.q", "logits"))
    write_precision(tmp_path / "precision.json", assignment)
    assert read_precision(tmp_path / "precision.json") == assignment
    assert json.loads((tmp_path / "precision.json").read_text()) == {
        "schema_version": 1,
        "fp32": ["layers.*.q", "logits"],
    }


def test_a_kind_that_every_layer_has_becomes_a_pattern() -> None:
    chosen = {"layers.1.q", "layers.0.q", "layers.1.act", "logits"}
    assignment = PrecisionAssignment.of(chosen, among=TAPS)
    assert assignment.fp32 == ("layers.*.q", "layers.1.act", "logits")
    assert set(assignment.select(TAPS)) == chosen


def test_taps_are_selected_in_their_order() -> None:
    assert PrecisionAssignment(("logits", "layers.1.*")).select(TAPS) == ("layers.1.q", "layers.1.act", "logits")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"schema_version": 2, "fp32": []}', "schema version 2"),
        ('{"schema_version": 1}', "fp32"),
        ("{", "not JSON"),
        ('{"schema_version": 1, "fp32": ["q"], "fp16": []}', "fp16"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "precision.json").write_text(text)
    with pytest.raises(ParityError, match=problem) as caught:
        read_precision(tmp_path / "precision.json")
    assert "parity tune" in caught.value.cure


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="no such file"):
        read_precision(tmp_path / "absent.json")
