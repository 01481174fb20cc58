from __future__ import annotations

from collections import Counter

import pytest

from parity.diagnose import HYPOTHESES
from parity.errors import ParityError
from parity.selftest.case import BUNDLED, QWEN3, Case
from parity.selftest.session import SelfTestRequest, choose_cases
from qwen_trt_model.faults import FAULTS

BOTH = ("float32", "float16")


@pytest.fixture(scope="module")
def everything() -> tuple[Case, ...]:
    return choose_cases(SelfTestRequest(BOTH))


def test_every_listed_fault_is_planted_at_every_size_in_each_dtype(everything: tuple[Case, ...]) -> None:
    planted = {(case.id, case.size, case.dtype) for case in everything}
    for fault in FAULTS.values():
        for size in fault.sizes:
            for dtype in size.dtypes or BOTH:
                assert ((fault.id, size.name, dtype) in planted) == (fault.group in "ABCDG" and dtype in BOTH)


def test_no_case_stands_twice(everything: tuple[Case, ...]) -> None:
    counts = Counter((case.id, case.where, case.size, case.dtype, case.model) for case in everything)
    assert max(counts.values()) == 1


def test_a_usual_size_is_planted_in_one_layer_and_everywhere(everything: tuple[Case, ...]) -> None:
    wheres = {(case.id, case.where) for case in everything if case.dtype == "float32"}
    for fault in FAULTS.values():
        if fault.group in "ABCDG" and fault.one_layer:
            assert (fault.id, "everywhere") in wheres
            assert any(name == fault.id and where.startswith("layer ") for name, where in wheres)


def test_what_is_expected_exists(everything: tuple[Case, ...]) -> None:
    known = {hypothesis.name for hypothesis in HYPOTHESES}
    for case in everything:
        for expected in case.expected:
            assert set(expected.causes) <= known
            assert bool(expected.causes) == (case.id not in ("G04", "G07", "G10"))


def test_sound_variants_and_harmless_faults_expect_nothing(everything: tuple[Case, ...]) -> None:
    controls = {case.id for case in everything if case.is_control}
    assert {
        "B09",
        "C13",
        "level-basic",
        "two-threads",
        "alone",
        "blockwise-attention",
        "split-sums",
        "sdpa",
    } <= controls
    assert {case.dtype for case in everything if case.id == "sdpa"} == {"float32", "float16", "bfloat16"}


def test_what_the_bundled_model_cannot_have_is_planted_into_the_other(everything: tuple[Case, ...]) -> None:
    models = {case.id: case.model for case in everything if not case.is_control}
    assert {name for name, model in models.items() if model == QWEN3} == {"C01", "C09", "C10"}
    assert models["A01"] == BUNDLED


def test_layers_are_spread(everything: tuple[Case, ...]) -> None:
    layers = Counter(case.where for case in everything if case.where.startswith("layer "))
    assert len(layers) == 6
    assert max(layers.values()) < 3 * min(layers.values())


def test_drawn_cases_depend_on_the_seed_alone(everything: tuple[Case, ...]) -> None:
    first, again, other = (choose_cases(SelfTestRequest(("float32",), drawn=40, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert {case.size for case in first}.isdisjoint({case.size for case in everything} - {""}) or first != other
    assert [case.size for case in first] != [case.size for case in other]
    assert any(len(case.expected) == 2 for case in first)


def test_a_draw_meets_every_fault_that_has_sizes() -> None:
    able = {fault.id for fault in FAULTS.values() if fault.draw}
    drawn = {case.id for case in choose_cases(SelfTestRequest(("float32",), drawn=len(able), seed=3))}
    assert able <= drawn


def test_the_short_form_has_faults_of_every_group_and_sound_variants() -> None:
    short = choose_cases(SelfTestRequest(BOTH, short=True))
    assert {case.group for case in short} == {"A", "B", "C", "D", "G", "sound"}
    assert len(short) <= 40


def test_single_faults_can_be_asked_for() -> None:
    cases = choose_cases(SelfTestRequest(("float32",), ("B01", "D07")))
    assert {case.id for case in cases} == {"B01", "D07"}
    with pytest.raises(ParityError, match="unknown fault 'Z1'"):
        choose_cases(SelfTestRequest(("float32",), ("Z1",)))


def test_a_dtype_without_an_engine_is_refused() -> None:
    with pytest.raises(ParityError, match="no candidate in bfloat16"):
        choose_cases(SelfTestRequest(("bfloat16",)))
