"""Sound sides have no findings, whatever they compute in."""

from __future__ import annotations

from pathlib import Path

import pytest
from preflight_sides import Sides


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_nothing_is_found(dtype: str, tmp_path: Path) -> None:
    assert Sides(dtype=dtype).findings(tmp_path) == ()
