from __future__ import annotations

from pathlib import Path

import pytest
from noise_model import GRAPH, GROUPS, NoisyDecoder, limits_of, make_trials

from parity.tune import Budget, OutOfBudgetError, Trial, Trials, TrialStore

NORM, QKV, CONTEXT, *_ = GROUPS
NOISY = NoisyDecoder(dict.fromkeys(QKV.taps, 9.0))


def test_more_than_what_passed_passes_and_less_than_what_failed_fails_without_a_build(tmp_path: Path) -> None:
    trials = make_trials(NOISY, tmp_path)
    assert trials.passes([QKV])
    assert trials.passes([NORM, QKV, CONTEXT])
    assert trials.builds == 1
    assert not trials.passes([NORM, CONTEXT])
    assert not trials.passes([CONTEXT])
    assert trials.builds == 2


def test_what_was_asked_for_itself_is_measured(tmp_path: Path) -> None:
    trials = make_trials(NOISY, tmp_path)
    assert trials.passes([QKV])
    assert trials.trial([NORM, QKV]).fp32 == (*NORM.taps, *QKV.taps)
    assert trials.builds == 2


def test_taps_are_handed_over_in_graph_order(tmp_path: Path) -> None:
    asked: list[tuple[str, ...]] = []

    def measure(fp32: tuple[str, ...]) -> Trial:
        asked.append(fp32)
        return NOISY(fp32)

    make_trials(measure, tmp_path).trial([CONTEXT, QKV, NORM])
    assert asked == [tuple(tap for tap in GRAPH.names if tap in (*NORM.taps, *QKV.taps, *CONTEXT.taps))]


def test_every_trial_is_told_with_whether_it_is_new(tmp_path: Path) -> None:
    told: list[tuple[tuple[str, ...], int, int | None]] = []

    def trials() -> Trials:
        return Trials(
            NOISY,
            order=GRAPH.names,
            limits=limits_of(),
            budget=Budget(9),
            store=TrialStore(tmp_path, "noise"),
            tell=lambda trial, number, build: told.append((trial.fp32, number, build)),
        )

    trials().trial([NORM])
    again = trials()
    again.trial([NORM])
    again.trial([NORM])
    again.trial(())
    assert told == [(NORM.taps, 1, 1), (NORM.taps, 1, None), ((), 2, 1)]


def test_stored_trials_cost_nothing(tmp_path: Path) -> None:
    make_trials(NOISY, tmp_path).trial([NORM])
    trials = make_trials(NOISY, tmp_path, builds=0)
    assert trials.trial([NORM]) == NOISY(NORM.taps)
    with pytest.raises(OutOfBudgetError):
        trials.trial([QKV])


def test_a_trial_of_something_else_or_a_damaged_file_is_none(tmp_path: Path) -> None:
    store = TrialStore(tmp_path / "trials", "one engine")
    trial = NOISY(NORM.taps)
    assert store.find(NORM.taps) is None
    store.keep(trial)
    assert store.find(NORM.taps) == trial
    assert store.find(QKV.taps) is None
    assert TrialStore(tmp_path / "trials", "another engine").find(NORM.taps) is None
    (file,) = (tmp_path / "trials").iterdir()
    text = file.read_text()
    file.write_text(text.replace("one engine", "another engine"))
    assert store.find(NORM.taps) is None
    file.write_text(text[:-20])
    assert store.find(NORM.taps) is None


def test_infinite_ratios_survive_storage(tmp_path: Path) -> None:
    trial = NoisyDecoder({"logits": float("inf")})(())
    store = TrialStore(tmp_path, "")
    store.keep(trial)
    assert store.find(()) == trial
    assert trial.worst(limits_of()).tap == "logits"
    assert [reading.tap for reading in trial.beyond(limits_of())] == ["logits"]


def test_a_ratio_that_is_no_number_is_beyond_every_limit() -> None:
    trial = NoisyDecoder({"logits": float("nan")})(())
    assert not trial.passes(limits_of(1e9))
