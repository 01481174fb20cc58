"""What importing costs: NumPy for the package, no PyTorch on the candidate's side."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "transformers",
    "onnxruntime",
    "onnx_ir",
    "pandas",
    "matplotlib",
    "jinja2",
    "rich",
    "typer",
    "tensorrt",
)


def loaded_by(statement: str) -> set[str]:
    """The heavy packages that a fresh process has loaded after `statement`."""
    code = f"import sys\n{statement}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "parity",
        "parity.compare_dumps",
        "parity.record",
        "parity.message",
        "parity.observer",
        "parity.preflight",
        "parity.replay",
        "parity.diagnose",
    ],
)
def test_the_core_costs_numpy_only(module: str) -> None:
    assert loaded_by(f"import {module}") == set()


def test_the_check_sees_what_is_loaded() -> None:
    assert loaded_by("import parity, pandas") == {"pandas"}


@pytest.mark.parametrize(
    "module", ["qwen_trt_model", "parity.engines", "parity.pytest_plugin", "parity.reports.layers_csv"]
)
def test_the_candidates_side_needs_no_pytorch(module: str) -> None:
    assert not loaded_by(f"import {module}") & {"torch", "transformers"}


def test_a_table_costs_no_plotting() -> None:
    assert not loaded_by("import parity.reports.layers_csv") & {"matplotlib", "jinja2"}
