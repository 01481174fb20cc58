from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_run import FAULT, GRAPH, PIECES, TOKENS, make_run

from parity.comparison import load_comparison, save_comparison
from parity.dump import Dump
from parity.errors import ParityError
from parity.reports.notebook import Run, TapView, open_run
from parity.reports.notebook.drilldown import Drilldown


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return open_run(make_run(tmp_path_factory.mktemp("runs") / "faulty"))


@pytest.fixture(scope="module")
def odd_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Without a floor, with an infinite value and with a tap that can't be had."""
    folder = tmp_path_factory.mktemp("runs") / "odd"
    return open_run(make_run(folder, floor=False, overflow="layers.0.v", lost="layers.0.gate"))


def test_it_leads_to_the_planted_fault(run: Run) -> None:
    first = run.first()
    assert first is not None
    assert (first.row.tap, run.start().row.tap) == (FAULT, FAULT)
    assert repr(first).startswith(f"{FAULT} (rotary, prefill): mismatch")
    assert f"parity report {run.folder} --tap {FAULT}" in repr(first)


def test_a_clean_run_has_no_first_but_a_start(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path, fault=False))
    assert run.first() is None
    ratios = [row.noise.noise_ratio for row in run.comparison.rows if row.noise]
    start = run.start().row
    assert start.noise is not None
    assert start.noise.noise_ratio == max(ratios)


def test_a_fault_of_structure_comes_first_but_is_nothing_to_start_from(odd_run: Run) -> None:
    first = odd_run.first()
    assert first is not None
    assert first.row.status == "not finite"
    assert odd_run.start().row.errors is not None


def test_the_summary_shows_verdict_sentence_and_taps(run: Run) -> None:
    html = run.summary()._repr_html_()
    assert "FAIL: " in html
    assert f"{FAULT} (rotary, prefill) is the first tap to leave the reference" in html
    assert f">✗ {FAULT}<" in html
    assert ">layers.0.* (17)<" in html
    assert html.count("<tr>") == html.count("</tr>") > 10


def test_the_summary_escapes_what_it_is_given(run: Run) -> None:
    row = replace(run.comparison.rows[0], tap="<b>tap</b>", status="extra", layer=None)
    odd = Run(run.folder, replace(run.comparison, rows=(row,)))
    assert "&lt;b&gt;tap" in odd.summary()._repr_html_()
    assert "<b>tap" not in odd.summary()._repr_html_()


def test_the_measurement_agrees_with_the_comparison(run: Run) -> None:
    view = run.tap(FAULT)
    measured = view.evidence.measured
    assert measured is not None
    assert measured.ratio is not None
    assert view.row.noise is not None
    assert view.row.profile is not None
    assert measured.ratio.max() == view.row.noise.worst_token_noise_ratio
    np.testing.assert_allclose(measured.distance, view.row.profile.rel_l2, rtol=1e-3)


def test_with_several_floors_it_shows_r_against_all_of_them(tmp_path: Path) -> None:
    view = open_run(make_run(tmp_path / "run", second_floor=True)).tap(FAULT)
    measured = view.evidence.measured
    assert measured is not None
    assert measured.ratio is not None
    assert len(measured.floors) == 2
    assert view.row.noise is not None
    assert measured.ratio.max() == view.row.noise.worst_token_noise_ratio


PLOTS: dict[str, Callable[[TapView], object]] = {
    "tokens": TapView.plot_tokens,
    "channels": TapView.plot_channels,
    "heat map": TapView.plot_heat_map,
    "histogram": TapView.plot_histogram,
}


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("tap", [FAULT, "embed", "layers.0.probs", "logits"])
def test_every_kind_of_tap_can_be_drawn(run: Run, name: str, tap: str) -> None:
    assert repr(PLOTS[name](run.tap(tap))).startswith(tap)


def test_the_figures_point_at_the_planted_fault(run: Run) -> None:
    view = run.tap(FAULT)
    assert "head 2 is the worst" in view.plot_heads().title
    assert "of head 2 holds" in view.plot_channels().title
    assert run.plot_depth().title.endswith(f"leaves the reference at {FAULT} (prefill)")


def test_a_tap_without_heads_names_the_way_to_one_that_has(run: Run) -> None:
    view = run.tap("layers.1.resid_mid")
    with pytest.raises(ParityError, match="nearest_with_heads"):
        view.plot_heads()
    nearest = run.nearest_with_heads(view)
    assert nearest is not None
    assert nearest.row.tap == "layers.1.attn_ctx"
    assert run.nearest_with_heads(run.tap("embed")) is None


def test_a_slice_holds_both_sides_and_their_difference(run: Run) -> None:
    dumps = [Dump.open(run.folder / role).phase("prefill").arrays[FAULT] for role in ("reference", "candidate")]
    reference, candidate = (array[0, 12, 2].astype(np.float64) for array in dumps)
    table = run.tap(FAULT).compare_slices(prompt=0, token=12, head=2)
    assert list(table.columns) == [
        *("prompt", "token", "piece", "head", "channel"),
        *("reference", "candidate", "difference"),
    ]
    np.testing.assert_array_equal(table["reference"], reference)
    np.testing.assert_array_equal(table["candidate"], candidate)
    np.testing.assert_array_equal(table["difference"], candidate - reference)
    assert set(table["piece"]) == {PIECES[0][12]}
    assert list(table["channel"]) == list(range(16))


def test_the_largest_difference_is_the_worst_element(run: Run) -> None:
    view = run.tap(FAULT)
    table = view.compare_slices(largest=3)
    assert view.row.worst is not None
    assert tuple(table.loc[0, ["prompt", "token", "head", "channel"]]) == view.row.worst.index
    assert len(table) == 3
    assert table["difference"].abs().is_monotonic_decreasing


def test_all_slices_together_are_all_real_elements(run: Run) -> None:
    view = run.tap("layers.0.q")
    assert len(view.compare_slices()) == view.row.elements == sum(TOKENS.lengths) * 64


def test_keys_that_a_query_may_not_see_are_left_out(run: Run) -> None:
    table = run.tap("layers.0.probs").compare_slices(prompt=0, token=3, head=0)
    assert list(table["key"]) == [0, 1, 2, 3]
    view = run.tap("layers.0.probs")
    assert len(view.compare_slices()) == view.row.elements


@pytest.mark.parametrize("wrong", [{"prompt": 2}, {"token": 24}, {"head": 4}, {"channel": 16}, {"head": -1}])
def test_an_index_that_does_not_exist_is_refused_with_those_that_do(run: Run, wrong: dict[str, int]) -> None:
    with pytest.raises(ParityError, match=r"there are 0 to \d+") as caught:
        run.tap(FAULT).compare_slices(**wrong)
    assert next(iter(wrong)) in caught.value.problem


def test_the_second_prompt_counts_from_its_own_start(run: Run) -> None:
    table = run.tap("embed").compare_slices(prompt=1, channel=0)
    assert list(table["token"]) == list(range(TOKENS.lengths[1]))


def test_values_that_are_not_finite_are_shown_but_not_measured(odd_run: Run) -> None:
    view = odd_run.tap("layers.0.v")
    table = view.compare_slices(largest=2)
    assert np.isinf(table.loc[0, "difference"])
    assert np.isfinite(table.loc[1, "difference"])
    assert "Black: not finite (1)" in view.plot_heat_map().caption
    for plot in (view.plot_tokens, view.plot_channels):
        with pytest.raises(ParityError, match="not finite"):
            plot()


def test_a_tap_that_was_not_compared_says_why(odd_run: Run) -> None:
    with pytest.raises(ParityError, match="the engine has fused it"):
        odd_run.tap("layers.0.gate").plot_tokens()


def test_without_a_floor_the_figures_show_the_error_alone(odd_run: Run) -> None:
    view = odd_run.tap(FAULT)
    assert len(view.plot_tokens().figure.axes) == 1
    assert "rel-L2 is" in view.plot_tokens().title


def test_without_dumps_the_comparison_still_speaks(run: Run, tmp_path: Path) -> None:
    save_comparison(load_comparison(run.folder), tmp_path / "comparison.json")
    bare = open_run(tmp_path)
    assert bare.plot_depth().png()
    assert bare.tap(FAULT).plot_heads().png()
    with pytest.raises(ParityError, match=r"reference's dump can't be read: .*no such folder"):
        bare.tap(FAULT).plot_tokens()


def test_a_run_can_be_moved(run: Run, tmp_path: Path) -> None:
    moved = shutil.copytree(run.folder, tmp_path / "elsewhere")
    assert open_run(str(moved)).tap(FAULT).plot_tokens().title == run.tap(FAULT).plot_tokens().title


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="no comparison here"):
        open_run(tmp_path)


def test_the_table_has_every_row(run: Run) -> None:
    assert list(run.table()["tap"]) == list(GRAPH.names)


def test_phases_are_told_apart(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path, phases=("prefill", "decode.0")))
    assert run.tap(FAULT).row.phase == "prefill"
    assert run.tap(FAULT, phase="decode.0").evidence.tap.name == FAULT
    assert "<caption>decode.0</caption>" in run.summary()._repr_html_()


@pytest.fixture
def menus(run: Run) -> Drilldown:
    return run.drilldown()


def test_menus_start_at_the_fault_and_show_it(menus: Drilldown) -> None:
    assert menus.tap.value == f"prefill-{FAULT}"
    assert FAULT in menus.message.value
    assert bytes(menus.image.value).startswith(b"\x89PNG")
    assert len(menus.tap.options) == len(GRAPH)
    assert sum(label.startswith("✗") for label, _ in menus.tap.options) > 10


def test_choosing_another_tap_or_figure_changes_what_is_shown(menus: Drilldown) -> None:
    before = bytes(menus.image.value)
    menus.figure.value = "difference"
    changed = bytes(menus.image.value)
    assert changed.startswith(b"\x89PNG")
    assert changed != before
    menus.tap.value = "prefill-layers.0.q"
    assert "layers.0.q (linear, prefill): match" in menus.message.value
    assert menus.image.value != changed


def test_what_cannot_be_shown_says_why_in_its_place(menus: Drilldown) -> None:
    menus.tap.value = "prefill-embed"
    menus.figure.value = "heads"
    assert menus.image.value == b""
    assert menus.image.layout.display == "none"
    assert "no errors by head" in menus.largest.value
    menus.figure.value = "tokens"
    assert menus.image.layout.display is None
    assert "20 largest differences" in menus.largest.value


def test_viewers_without_widgets_get_the_first_view(menus: Drilldown) -> None:
    bundle = menus._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert FAULT in str(bundle["text/html"])
    assert "data:image/png;base64,iVBOR" in str(bundle["text/html"])


def test_missing_widgets_are_named_with_the_cure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ParityError, match=r"pip install 'layer-parity\[notebook\]'"):
        run.drilldown()


def test_opening_a_run_needs_no_widgets_and_no_torch() -> None:
    code = (
        "import sys, parity.reports.notebook; print([m for m in ('ipywidgets', 'torch', 'jinja2') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
