from __future__ import annotations

from dataclasses import replace

from sample_comparison import make_comparison

from parity.comparison import Comparison
from parity.reports.html import render_html
from parity.reports.html.sides import Setting, all_sides, settings


def _comparison(*, floor: bool = True) -> Comparison:
    comparison = make_comparison(layers=1, floor=floor)
    return replace(
        comparison,
        reference=replace(comparison.reference, versions={"torch": "2.13"}, flags={"threads": "2"}),
        candidate=replace(
            comparison.candidate, versions={"onnxruntime": "1.32"}, flags={"threads": "1", "tf32": "off"}
        ),
        floor=comparison.floor and replace(comparison.floor, versions={"torch": "2.13"}, flags={"threads": "2"}),
    )


def test_sides_stand_in_the_order_of_reading() -> None:
    assert [side.role for side in all_sides(_comparison())] == ["reference", "floor", "candidate"]
    assert [side.role for side in all_sides(_comparison(floor=False))] == ["reference", "candidate"]


def test_every_floor_run_is_shown() -> None:
    comparison = _comparison()
    assert comparison.floor is not None
    several = replace(comparison, other_floors=(replace(comparison.floor, dump="floor2"),))
    assert [side.role for side in all_sides(several)] == ["reference", "floor", "floor", "candidate"]
    assert render_html(several).count("One of 2 floor runs: at each token the noisiest of them counts.") == 2


def test_every_setting_has_a_value_or_a_dash_for_each_side() -> None:
    assert settings(_comparison()) == (
        Setting("torch", ("2.13", "2.13", "–"), differs=False),
        Setting("onnxruntime", ("–", "–", "1.32"), differs=False),
        Setting("threads", ("2", "2", "1"), differs=True),
        Setting("tf32", ("–", "–", "off"), differs=False),
    )
