from __future__ import annotations

from dataclasses import replace

import pytest
from noise_model import GRAPH, GROUPS, NoisyDecoder, limits_of

from parity.tune.group import OperationGroup
from parity.tune.suspects import Suspicion

NOISE = {"layers.1.q": 40.0}
BY_KIND = {(group.kind, group.layer): group for group in GROUPS}


def suspicion(*, local: bool, captured: tuple[str, ...] = GRAPH.names) -> Suspicion:
    trial = NoisyDecoder(NOISE, local=local)(())
    kept = tuple(reading for reading in trial.readings if reading.tap in captured)
    return Suspicion(replace(trial, readings=kept), GRAPH)


def suspects(found: Suspicion) -> list[OperationGroup]:
    return [group for group in GROUPS if found.is_noisy(group)]


@pytest.mark.parametrize("local", [True, False])
def test_who_passes_noise_on_is_no_suspect(local: bool) -> None:
    found = suspicion(local=local)
    assert suspects(found) == [BY_KIND["q+k+v", 1]]
    behind = found.trial.reading("layers.1.attn_ctx")
    assert behind is not None
    assert behind.noise_ratio > 1.5


@pytest.mark.parametrize("local", [True, False])
def test_who_would_be_beyond_its_limit_alone_is_needed(local: bool) -> None:
    found = suspicion(local=local)
    assert [group for group in GROUPS if found.is_needed(group, limits_of(2.0))] == [BY_KIND["q+k+v", 1]]
    assert not [group for group in GROUPS if found.is_needed(group, limits_of(50.0))]


def test_what_was_not_captured_is_judged_by_what_is_computed_from_it() -> None:
    found = suspicion(local=False, captured=tuple(name for name in GRAPH.names if name.endswith("resid_mid")))
    between = ("layers.0.resid_mid", "layers.1.resid_mid")
    start, end = (GRAPH.names.index(name) for name in between)
    assert suspects(found) == [group for group in GROUPS if start < GRAPH.names.index(group.taps[0]) <= end]
    assert [group.taps for group in GROUPS if found.is_needed(group, limits_of(1.0))] == [("layers.1.resid_mid",)]
