"""Spreading taps over engines, with engines that break by rules made here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import ceil, log2

from hypothesis import given
from hypothesis import strategies as st

from parity.observer.probe_sets import ProbeSets, find_probe_sets
from parity.taps import DecoderShape, Tap, decoder_taps

GRAPH = decoder_taps(DecoderShape(layers=4, hidden=8, heads=2, kv_heads=1, head_dim=4, intermediate=8, vocabulary=8))
TAPS = tuple(tap for tap in GRAPH if not tap.on_request and tap.name != "logits")
NAMES = tuple(tap.name for tap in TAPS)
KINDS = tuple(dict.fromkeys(tap.kind for tap in TAPS))

Breaks = Callable[[frozenset[str]], bool]


@dataclass
class Engine:
    """Changes its logits where `breaks` says so of the marked taps; remembers what was marked."""

    breaks: Breaks
    built: list[frozenset[str]] = field(default_factory=list)

    def capture(self, taps: Sequence[Tap]) -> bool:
        assert names(taps) == sorted(names(taps), key=NAMES.index)
        self.built.append(frozenset(tap.name for tap in taps))
        return not self.breaks(self.built[-1])

    def find(self, taps: Sequence[Tap] = TAPS, *, most_builds: int = 10_000) -> ProbeSets:
        return find_probe_sets(taps, capture=self.capture, is_faithful=bool, most_builds=most_builds)


def alone(*bad: str) -> Breaks:
    return lambda marked: bool(marked & set(bad))


def names(taps: Sequence[Tap]) -> list[str]:
    return [tap.name for tap in taps]


def test_one_build_where_all_taps_are_faithful_together() -> None:
    found = Engine(alone()).find()
    assert found == ProbeSets((TAPS,), (), (), 1)


def test_no_taps_need_no_engine() -> None:
    assert Engine(alone()).find(()) == ProbeSets((), (), (), 0)


def test_a_single_tap_that_breaks_is_named_and_its_kind_stays_in_the_set() -> None:
    engine = Engine(alone("layers.2.q_rope"))
    found = engine.find()
    assert names(found.never) == ["layers.2.q_rope"]
    assert [names(taps) for taps in found.sets] == [[name for name in NAMES if name != "layers.2.q_rope"]]
    assert found.builds <= 16


def test_a_kind_that_breaks_in_every_layer_costs_a_build_a_layer_and_few_more() -> None:
    engine = Engine(alone(*(name for name in NAMES if name.endswith("q_rope"))))
    found = engine.find()
    assert names(found.never) == [f"layers.{layer}.q_rope" for layer in range(4)]
    assert len(found.sets) == 1
    assert found.builds <= 4 + ceil(log2(len(KINDS))) + 4


def test_two_kinds_that_break_together_make_two_sets() -> None:
    def breaks(marked: frozenset[str]) -> bool:
        return any({f"layers.{i}.gate", f"layers.{i}.act"} <= marked for i in range(4))

    found = Engine(breaks).find()
    assert len(found.sets) == 2
    assert not found.never


def test_too_many_taps_make_as_many_sets_as_it_takes() -> None:
    most = 25
    found = Engine(lambda marked: len(marked) > most).find()
    assert not found.never
    assert len(found.sets) <= ceil(len(TAPS) / most) + 1
    assert all(len(taps) <= most for taps in found.sets)


def test_builds_are_limited_and_what_was_not_settled_is_said() -> None:
    engine = Engine(lambda marked: len(marked) > 5)
    found = engine.find(most_builds=6)
    assert found.builds == len(engine.built) == 6
    assert found.untried
    assert not found.never


def test_sets_come_in_graph_order() -> None:
    found = Engine(lambda marked: len(marked) > 20).find()
    for taps in found.sets:
        assert names(taps) == sorted(names(taps), key=NAMES.index)
    assert [NAMES.index(taps[0].name) for taps in found.sets] == sorted(
        NAMES.index(taps[0].name) for taps in found.sets
    )


_SUBSETS = st.sets(st.sampled_from(NAMES), max_size=12)
_PAIRS = st.lists(st.sampled_from(list(combinations(NAMES, 2))), max_size=12)


@given(bad=_SUBSETS, pairs=_PAIRS, most=st.integers(1, len(TAPS)), budget=st.integers(1, 400))
def test_every_tap_is_somewhere_and_every_set_was_seen_faithful(
    bad: set[str], pairs: list[tuple[str, str]], most: int, budget: int
) -> None:
    def breaks(marked: frozenset[str]) -> bool:
        return bool(marked & bad) or len(marked) > most or any(marked.issuperset(pair) for pair in pairs)

    engine = Engine(breaks)
    found = engine.find(most_builds=budget)
    placed = [name for taps in (*found.sets, found.never, found.untried) for name in names(taps)]
    assert sorted(placed) == sorted(NAMES)
    assert all(frozenset(names(taps)) in engine.built and not breaks(frozenset(names(taps))) for taps in found.sets)
    assert set(names(found.never)) <= bad
    assert found.builds == len(engine.built) <= budget


@given(bad=_SUBSETS)
def test_taps_that_break_alone_leave_one_set(bad: set[str]) -> None:
    engine = Engine(alone(*bad))
    found = engine.find()
    assert set(names(found.never)) == bad
    assert len(found.sets) <= 1
    assert len(engine.built) == len(set(engine.built))
    kinds = {GRAPH[name].kind for name in bad}
    per_kind = ceil(log2(len(KINDS))) + 2
    per_tap = 4 + 2 + ceil(log2(4 * max(1, len(kinds))))
    assert found.builds <= 2 + len(kinds) * (per_kind + per_tap)


@given(pairs=_PAIRS)
def test_taps_that_break_in_pairs_are_kept_apart_and_never_lost(pairs: list[tuple[str, str]]) -> None:
    found = Engine(lambda marked: any(marked.issuperset(pair) for pair in pairs)).find()
    assert not found.never
    assert not found.untried
    degree = max((sum(name in pair for pair in set(pairs)) for name in NAMES), default=0)
    kinds = {frozenset({GRAPH[a].kind, GRAPH[b].kind}) for a, b in pairs}
    assert len(found.sets) <= max(1, degree + 1 + len(kinds))
