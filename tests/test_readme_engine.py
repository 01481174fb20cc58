"""The README's engine of one's own: the code that stands there is run, and what it records is compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.compare_dumps import compare_dumps
from parity.dump import Dump
from parity.hooks import TransformersRunner
from parity.record import record
from parity.taps import select_taps
from parity.tokens import Phase, TokenBatch

README = Path(__file__).parents[1] / "README.md"


def test_an_engine_of_ones_own_is_recorded_and_compared(
    tiny_qwen2_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    phase = Phase("prefill", TokenBatch.from_sequences([[1, 2, 3, 4], [5, 6]]))
    for name, dtype in (("reference", "float32"), ("floor", "float16")):
        runner = TransformersRunner(tiny_qwen2_dir, dtype=dtype)
        taps = select_taps(runner.describe().graph, "all")
        record(runner, [phase], taps=taps, role=name, out=tmp_path / "runs" / "first" / name)
    reference, floor = (Dump.open(tmp_path / "runs" / "first" / name) for name in ("reference", "floor"))
    arrays = reference.phase("prefill").arrays

    def run_my_engine(ids: Any, mask: Any) -> dict[str, np.ndarray[Any, Any]]:
        assert ids.shape == mask.shape == (2, 4)
        return {name: arrays[name].reshape(2, 4, -1).astype(np.float16) for name in arrays}

    code = README.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    exec(compile(code, "README.md", "exec"), {"run_my_engine": run_my_engine})
    comparison = compare_dumps(reference, Dump.open(tmp_path / "runs" / "mine"), floors=[floor])
    compared = {row.tap for row in comparison.rows if row.errors is not None}
    assert compared == {"layers.0.q", "layers.0.resid_out", "logits"}
    assert comparison.candidate.runner == "my engine"
