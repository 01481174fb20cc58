from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas
import pytest
from sample_comparison import make_comparison
from sample_diagnosis import with_diagnosis

from parity.comparison import Comparison
from parity.reports.layers_csv import layers_frame, write_layers_csv
from parity.reports.rows import layer_row

COLUMNS = [
    *("phase", "tap", "layer", "op", "status", "flagged"),
    *("mean_abs", "median_abs", "p99_abs", "max_abs", "mean_rel", "median_rel", "p99_rel", "max_rel"),
    *("rel_l2", "cosine", "norm_ratio", "sqnr_db", "noise_ratio", "worst_token_noise_ratio"),
    *("worst_index", "reference_value", "candidate_value", "non_finite", "dtype", "shape"),
    *("local_rel_l2", "local_noise_ratio", "inherited_rel_l2", "gain", "role"),
    *("worst_token_local_noise_ratio", "inherited_noise_ratio", "worst_token_inherited_noise_ratio", "noise_gain"),
    *("cause", "cause_explained_share", "cause_noise_ratio", "cost_mean_kl"),
]
LOCAL_COLUMNS = COLUMNS[COLUMNS.index("local_rel_l2") :]


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return with_diagnosis(make_comparison(layers=3, fault_layer=1, odd_rows=True, phases=("prefill", "decode.0")))


def read_cells(path: Path) -> list[dict[str, str]]:
    return pandas.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")


def test_the_columns_are_those_promised(comparison: Comparison, tmp_path: Path) -> None:
    write_layers_csv(comparison, tmp_path / "layers.csv")
    header = (tmp_path / "layers.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.split(",") == COLUMNS
    assert list(layers_frame(comparison).columns) == COLUMNS


def test_every_value_survives_the_round_trip(comparison: Comparison, tmp_path: Path) -> None:
    write_layers_csv(comparison, tmp_path / "layers.csv")
    for result, found in zip(comparison.rows, read_cells(tmp_path / "layers.csv"), strict=True):
        expected = layer_row(result)
        for column in COLUMNS:
            value = getattr(expected, column)
            cell = float(found[column]) if isinstance(value, float) else found[column]
            assert cell == (value if isinstance(value, float) else "" if value is None else str(value))


def test_pandas_reads_it_without_options(comparison: Comparison, tmp_path: Path) -> None:
    write_layers_csv(comparison, tmp_path / "layers.csv")
    found, expected = pandas.read_csv(tmp_path / "layers.csv"), layers_frame(comparison)
    assert found["flagged"].dtype == bool
    assert list(found["tap"]) == list(expected["tap"])
    pandas.testing.assert_series_equal(found["rel_l2"], expected["rel_l2"], rtol=1e-14)


def test_rows_keep_graph_order(comparison: Comparison, tmp_path: Path) -> None:
    write_layers_csv(comparison, tmp_path / "layers.csv")
    found = [(cells["phase"], cells["tap"]) for cells in read_cells(tmp_path / "layers.csv")]
    assert found == [(row.phase, row.tap) for row in comparison.rows]


def test_values_that_are_no_numbers_are_told_from_absent_ones(comparison: Comparison, tmp_path: Path) -> None:
    first = comparison.rows[0]
    assert first.worst is not None
    worst = replace(first.worst, reference_value=math.nan, candidate_value=-math.inf)
    odd = replace(comparison, rows=(replace(first, worst=worst), *comparison.rows[1:]))
    write_layers_csv(odd, tmp_path / "layers.csv")
    cells = (tmp_path / "layers.csv").read_text(encoding="utf-8").splitlines()[1]
    assert ",nan,-inf,0,float16," in cells


def test_cells_of_a_tap_that_was_not_replayed_are_empty(tmp_path: Path) -> None:
    write_layers_csv(make_comparison(layers=1, fault_layer=0), tmp_path / "layers.csv")
    cells = read_cells(tmp_path / "layers.csv")
    assert {found[column] for found in cells for column in LOCAL_COLUMNS} == {""}


def test_roles_can_be_counted_and_sources_found(comparison: Comparison, tmp_path: Path) -> None:
    write_layers_csv(comparison, tmp_path / "layers.csv")
    frame = pandas.read_csv(tmp_path / "layers.csv")
    assert set(frame["role"].dropna()) == {"source", "amplifier", "carrier", "clean"}
    sources = frame[frame["role"] == "source"]
    assert list(sources["tap"]) == ["layers.1.attn_out"] * 2
    assert (sources["local_noise_ratio"] > 100).all()
    assert (sources["cause"] == "the bias is missing").all()


def test_an_absent_side_leaves_its_cells_empty_and_shows_the_other(comparison: Comparison) -> None:
    frame = layers_frame(comparison).set_index("status")
    missing = frame.loc["missing"]
    assert pandas.isna(missing["mean_abs"])
    assert missing["dtype"] == "float32"
    assert missing["shape"].endswith(",1408")
    assert frame.loc["extra", "dtype"] == "float16"


def test_a_failed_write_leaves_the_old_file(
    comparison: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "layers.csv"
    path.write_text("old", encoding="utf-8")

    def half_write(frame: pandas.DataFrame, target: Path, **_: object) -> None:
        Path(target).write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pandas.DataFrame, "to_csv", half_write)
    with pytest.raises(OSError, match="No space"):
        write_layers_csv(comparison, path)
    assert path.read_text(encoding="utf-8") == "old"


def test_writing_csv_needs_no_plotting_or_templates() -> None:
    code = (
        "import sys, parity.reports.layers_csv; "
        "print([m for m in ('matplotlib', 'jinja2', 'rich', 'torch', 'ipywidgets') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
