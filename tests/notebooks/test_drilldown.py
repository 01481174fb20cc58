from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from diagnosed_run import SOURCE, make_diagnosed_run
from nbclient import NotebookClient
from nbformat import NotebookNode
from small_run import FAULT, make_run

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "drilldown.ipynb"


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_of(notebook: NotebookNode) -> str:
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return "\n".join(str(output.get("data", {}).get("text/plain", "")) for output in outputs)


def executed(run: Path, monkeypatch: pytest.MonkeyPatch) -> NotebookNode:
    monkeypatch.setenv("PARITY_RUN", str(run))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(NOTEBOOK.parent))
    return notebook


def test_it_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(notebook))
    assert "widgets" not in notebook.metadata


def test_its_first_code_cell_names_the_run() -> None:
    first = code_cells(nbformat.read(NOTEBOOK, as_version=4))[0]
    assert 'RUN = os.environ.get("PARITY_RUN", "../runs/demo")' in first.source


def test_every_cell_of_a_faulty_run_shows_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = executed(make_run(tmp_path / "run"), monkeypatch)
    kinds = [{kind for output in cell.outputs for kind in output.get("data", {})} for cell in code_cells(notebook)]
    assert all("text/plain" in shown for shown in kinds[1:])
    assert sum("image/png" in shown for shown in kinds) == 6
    assert sum("application/vnd.jupyter.widget-view+json" in shown for shown in kinds) == 1
    assert f"{FAULT} (rotary, prefill) is the first tap to leave the reference" in text_of(notebook)
    assert "head 2 is the worst" in text_of(notebook)


def test_a_diagnosed_run_leads_to_its_source_cause_and_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = executed(make_diagnosed_run(tmp_path / "run"), monkeypatch)
    kinds = [{kind for output in cell.outputs for kind in output.get("data", {})} for cell in code_cells(notebook)]
    assert all("text/plain" in shown for shown in kinds[1:])
    text = text_of(notebook)
    assert "were not taken apart" not in text
    assert f"The error is born in {SOURCE}" in text
    assert f"{SOURCE} by token: born here R up to" in text
    assert "the activation is missing" in text
    assert "its own error alone" in text
    assert "flipped_positions" in text


def test_a_clean_run_shows_its_largest_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = executed(make_run(tmp_path / "run", fault=False, lost="layers.0.gate"), monkeypatch)
    assert "No tap leaves the reference" in text_of(notebook)
    assert "The candidate stays with the reference" in text_of(notebook)
