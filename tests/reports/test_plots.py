from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from sample_comparison import make_comparison
from sample_diagnosis import with_diagnosis

from parity.comparison import ChannelError, HeadError
from parity.diagnosis import ROLES, LocalProfile
from parity.errors import ParityError
from parity.reports.plots import (
    Plot,
    TokenErrors,
    plot_channels,
    plot_depth,
    plot_heads,
    plot_heat_map,
    plot_histogram,
    plot_parts,
    plot_roles,
    plot_tokens,
)
from parity.reports.plots.heat_map import shrink
from parity.reports.plots.plot import on_log_axis

LIMITS = make_comparison(layers=1).rows[0].limits


def token_errors(*, tokens: int = 30, floor: bool = True, pieces: bool = True) -> TokenErrors:
    rng = np.random.default_rng(0)
    noise = np.full(tokens, 1e-3)
    ratio = np.exp(rng.normal(0, 0.1, tokens))
    ratio[-2] = 50.0
    return TokenErrors(
        prompts=np.repeat([0, 1], [tokens - 10, 10]),
        pieces=["$x"] * tokens if pieces else [],
        distance=noise * ratio,
        floor=noise if floor else None,
        ratio=ratio if floor else None,
    )


RMS = np.full((8, 64), 1e-3)
ROW = make_comparison(layers=1).row("layers.0.q")
HISTOGRAM = ROW.histogram
assert HISTOGRAM is not None

EVERY_PLOT: dict[str, Callable[[], Plot]] = {
    "depth": lambda: plot_depth(make_comparison(layers=4, fault_layer=2, odd_rows=True)),
    "depth without a floor": lambda: plot_depth(make_comparison(layers=2, floor=False)),
    "roles": lambda: plot_roles(with_diagnosis(make_comparison(layers=4, fault_layer=2, odd_rows=True))),
    "roles of a clean run": lambda: plot_roles(with_diagnosis(make_comparison(layers=2))),
    "parts": lambda: plot_parts("q", LocalProfile(4, (1.0, 0.0, np.inf), (0.4, 1.2, 30.0)), LIMITS),
    "tokens": lambda: plot_tokens("q", token_errors(), LIMITS),
    "tokens without a floor": lambda: plot_tokens("q", token_errors(floor=False, pieces=False), LIMITS),
    "heads": lambda: plot_heads("q", ROW.heads),
    "channels": lambda: plot_channels("q", RMS, RMS, RMS, worst=ROW.worst_channels[:1]),
    "exact channels": lambda: plot_channels("q", 0 * RMS[:1], None, RMS[:1], worst=()),
    "histogram": lambda: plot_histogram("q", HISTOGRAM, ROW.limits),
    "heat map": lambda: plot_heat_map("q", np.zeros((3, 8)), prompt=0, pieces=["a", "$", "b$"], heads=2),
}


@pytest.mark.parametrize("name", EVERY_PLOT)
def test_every_plot_draws_explains_itself_and_names_its_axes(name: str) -> None:
    plot = EVERY_PLOT[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert plot._repr_png_().startswith(b"\x89PNG")
    assert plot.title
    assert plot.caption.endswith(".")
    assert plot.title in repr(plot)
    data = [axis for axis in plot.figure.axes if axis.get_label() != "<colorbar>"]
    assert all(axis.get_ylabel() for axis in data)
    assert data[-1].get_xlabel() or "layer" in data[-1].get_xticklabels()[0].get_text()


def scatter_heights(axis: Axes, label: str) -> np.ndarray:
    (points,) = [points for points in axis.collections if points.get_label() == label]
    return np.asarray(points.get_offsets())[:, 1]


def test_depth_shows_every_measured_tap_its_floor_and_its_limits() -> None:
    comparison = make_comparison(layers=4, fault_layer=2, odd_rows=True)
    ratio_axis, distance_axis = plot_depth(comparison).figure.axes
    drawn = [*scatter_heights(ratio_axis, "R, median token"), *scatter_heights(ratio_axis, "fails")]
    expected = [row.noise.noise_ratio for row in comparison.rows if row.noise]
    assert sorted(height for height in drawn if np.isfinite(height)) == pytest.approx(sorted(expected))
    lines = {line.get_label(): line.get_ydata() for line in ratio_axis.lines}
    assert set(np.unique(lines["limit, median"])) == {2.0}
    assert set(np.unique(lines["limit, worst token"])) == {4.0}
    assert lines["noise floor"] == [1, 1]
    floors = [row.noise.floor_rel_l2 if row.noise else np.nan for row in comparison.rows]
    np.testing.assert_allclose(distance_axis.lines[0].get_ydata(), floors)


def test_depth_says_where_it_happens_and_marks_what_is_absent() -> None:
    comparison = make_comparison(layers=4, fault_layer=2, odd_rows=True)
    plot = plot_depth(comparison)
    assert plot.title == "The candidate leaves the reference at layers.2.attn_out (prefill)"
    (ticks,) = [points for points in plot.figure.axes[-1].collections if len(points.get_offsets()) == 5]
    absent = [place for place, row in enumerate(comparison.rows) if row.errors is None]
    assert list(np.asarray(ticks.get_offsets())[:, 0]) == absent
    assert "stays with the reference" in plot_depth(make_comparison(layers=2)).title


def test_depth_knows_its_phases() -> None:
    comparison = make_comparison(layers=2, phases=("prefill", "decode.0"))
    assert "(decode.0)" in plot_depth(comparison, phase="decode.0").title
    with pytest.raises(ParityError, match=r"decode\.7"):
        plot_depth(comparison, phase="decode.7")


def test_roles_show_a_diamond_a_source_and_a_column_an_heir() -> None:
    comparison = with_diagnosis(make_comparison(layers=4, fault_layer=2))
    births, growth = plot_roles(comparison).figure.axes
    by_role = {role: [row for row in comparison.rows if row.diagnosis and row.diagnosis.role == role] for role in ROLES}
    (source,) = by_role["source"]
    assert source.diagnosis is not None
    heights = scatter_heights(births, "born here (source)")
    assert heights.tolist() == [source.diagnosis.local.local_noise_ratio]
    heirs = by_role["carrier"] + by_role["amplifier"]
    tops = sorted(bar.get_y() + bar.get_height() for bar in births.patches if bar.get_y() == 1)
    assert tops == pytest.approx(sorted(row.diagnosis.local.inherited_noise_ratio for row in heirs if row.diagnosis))
    triangles = [points for points in growth.collections if isinstance(points, PathCollection)][-1]
    assert np.isfinite(np.asarray(triangles.get_offsets())[:, 1]).sum() == len(by_role["amplifier"])


def test_roles_say_where_the_error_is_born() -> None:
    broken = make_comparison(layers=4, fault_layer=2, phases=("prefill", "decode.0"))
    plot = plot_roles(with_diagnosis(broken, sources=["layers.2.attn_out", "layers.3.q"]))
    assert plot.title == "The error is born in layers.2.attn_out and 1 more (prefill)"
    assert [text.get_text().split(":")[0] for text in plot.figure.axes[0].texts] == ["layers.2.attn_out", "layers.3.q"]
    assert "(decode.0)" in plot_roles(with_diagnosis(broken), phase="decode.0").title
    assert "right within noise" in plot_roles(with_diagnosis(make_comparison(layers=2))).title
    with pytest.raises(ParityError, match="taken apart"):
        plot_roles(broken)


def test_a_source_that_errs_at_few_tokens_is_drawn_at_its_worst_one() -> None:
    comparison = with_diagnosis(make_comparison(layers=2, fault_layer=1))
    rows = []
    for row in comparison.rows:
        if row.diagnosis and row.diagnosis.role == "source":
            local = replace(row.diagnosis.local, local_noise_ratio=1.0, worst_token_local_noise_ratio=77.0)
            row = replace(row, diagnosis=replace(row.diagnosis, local=local))
        rows.append(row)
    axis = plot_roles(replace(comparison, rows=tuple(rows))).figure.axes[0]
    assert scatter_heights(axis, "born here (source)").tolist() == [77.0]


def test_parts_are_drawn_where_their_tokens_are() -> None:
    plot = plot_parts("q", LocalProfile(4, (1.0, 50.0), (0.5, 0.4)), LIMITS)
    assert plot.title == "q by token: born here R up to 50.0, came in R up to 0.500"
    lines = {line.get_label(): line for line in plot.figure.axes[0].lines}
    np.testing.assert_allclose(lines["born here"].get_xydata(), [(0, 1.0), (4, 50.0)])
    np.testing.assert_allclose(lines["came in"].get_ydata(), [0.5, 0.4])


def test_tokens_name_the_worst_by_prompt_and_position() -> None:
    assert "R is 50.0 at worst, at prompt 1, token 8 ($x)" in plot_tokens("q", token_errors(), LIMITS).title
    assert "rel-L2 is 0.0500 at worst" in plot_tokens("q", token_errors(floor=False), LIMITS).title


def test_tokens_are_labelled_while_they_have_room() -> None:
    few = plot_tokens("q", token_errors(), LIMITS).figure.axes[-1]
    assert len(few.get_xticks()) == 30
    many = plot_tokens("q", token_errors(tokens=300), LIMITS).figure.axes[-1]
    assert [label.get_text() for label in many.get_xticklabels()] == ["prompt 0", "1"]


def test_heads_draw_the_floor_where_r_says_it_is() -> None:
    axis = plot_heads("q", [HeadError(0, 1e-3, 1.0), HeadError(1, 4e-2, 20.0)]).figure.axes[0]
    np.testing.assert_allclose(scatter_heights(axis, "noise floor"), [1e-3, 2e-3])
    np.testing.assert_allclose(scatter_heights(axis, "candidate"), [1e-3, 4e-2])
    assert "head 1 is the worst" in plot_heads("q", [HeadError(0, 1e-3, None), HeadError(1, 4e-2, None)]).title


def test_channels_name_the_one_that_holds_the_error() -> None:
    rms = np.full((2, 8), 1e-3)
    plot = plot_channels("q", rms, None, rms, worst=[ChannelError(1, 5, 0.42, 1e-3, 1.0)])
    assert plot.title == "q by channel: channel 5 of head 1 holds 42% of the squared error"
    (mark,) = plot.figure.axes[0].texts
    assert (mark.get_text(), mark.xy[0]) == ("5", 13)


def test_a_histogram_shows_all_counts_and_says_what_it_leaves_out() -> None:
    row = make_comparison(layers=1).row("layers.0.q")
    assert row.histogram is not None
    plot = plot_histogram("q", row.histogram, row.limits)
    counts = [step.get_data().values for step in plot.figure.axes[0].patches]
    assert any(tuple(values) == row.histogram.candidate for values in counts)
    assert any(tuple(values) == row.histogram.floor for values in counts)
    assert "2% of the candidate's elements and 2% of the floor's equal the truth exactly" in plot.caption


def test_a_heat_map_counts_what_is_not_finite() -> None:
    difference = np.zeros((4, 6))
    difference[1, 2], difference[3, 3] = np.nan, 0.5
    plot = plot_heat_map("q", difference, prompt=2, pieces=[])
    assert "up to 0.500" in plot.title
    assert "Black: not finite (1)" in plot.caption


numbers = st.floats(-1e6, 1e6)


@given(arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=numbers))
def test_a_shrunk_image_keeps_the_largest_difference(difference: np.ndarray) -> None:
    image, (high, wide) = shrink(difference, tallest=7, widest=5)
    assert image.shape[0] <= 7
    assert image.shape[1] <= 5
    assert np.abs(image).max() == np.abs(difference).max()
    row, column = np.unravel_index(np.abs(difference).argmax(), difference.shape)
    assert abs(image[row // high, column // wide]) == np.abs(difference).max()


def test_a_shrunk_image_keeps_nan() -> None:
    difference = np.ones((40, 40))
    difference[13, 17] = np.nan
    image, _ = shrink(difference, tallest=4, widest=4)
    assert np.isnan(image).sum() == 1


def test_zeros_and_infinity_keep_a_place_on_a_logarithmic_axis() -> None:
    first, second = on_log_axis([None, 0.0, 1.0, 5.0, np.inf], [0.3, 0.0])
    np.testing.assert_allclose(first, [np.nan, 0.1, 1.0, 5.0, 50.0])
    np.testing.assert_allclose(second, [0.3, 0.1])


def test_an_axis_of_zeros_alone_can_be_drawn() -> None:
    zeros, nothing = on_log_axis([0.0, 0.0], [])
    assert (zeros > 0).all()
    assert nothing.size == 0


def colours_of(plot: Plot, value: float) -> float:
    """How strong the colour of `value` is, from 0 (pale) to 1."""
    norm = plot.figure.axes[0].images[0].norm
    return abs(float(norm(value)) - 0.5) * 2


def test_rounding_stays_pale_and_a_fault_does_not() -> None:
    difference = np.full((4, 6), 1e-3)
    quiet = plot_heat_map("q", difference, prompt=0, pieces=[], noise=1e-3)
    assert colours_of(quiet, 1e-3) < 0.25
    difference[2, 2] = 1.0
    faulty = plot_heat_map("q", difference, prompt=0, pieces=[], noise=1e-3)
    assert colours_of(faulty, 1e-3) < 0.25
    assert colours_of(faulty, 1.0) == 1.0
    assert "Pale is rounding" in faulty.caption
