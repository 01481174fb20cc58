"""What happened to the tokens of the other side, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import starmap

import numpy as np
import numpy.typing as npt

from parity.tokens import TokenBatch

__all__ = ["describe_token_difference"]

Ids = npt.NDArray[np.int64]
Pairs = Sequence[tuple[Ids, Ids]]

_FARTHEST = 8
_LISTED = 6


def describe_token_difference(expected: TokenBatch, found: TokenBatch) -> str:
    """Say how `found` came to differ from `expected`, in one clause; the simplest reading that explains every prompt.

    Args:
        expected: what the reference ran.
        found: what the other side ran; has another digest.
    """
    ours, theirs = _prompts(expected), _prompts(found)
    if len(ours) != len(theirs):
        return f"{len(ours)} prompts against {len(theirs)}"
    pairs = list(zip(ours, theirs, strict=True))
    if all(starmap(np.array_equal, pairs)):
        return _same_ids(expected, found)
    for reading in _READINGS:
        if sentence := reading(pairs):
            return sentence
    return _first_difference(pairs)


def _prompts(tokens: TokenBatch) -> list[Ids]:
    return [row[mask] for row, mask in zip(tokens.ids, tokens.mask, strict=True)]


def _same_ids(expected: TokenBatch, found: TokenBatch) -> str:
    """Ids agree, so mask or positions do not."""
    ours, theirs = expected.positions[expected.mask], found.positions[found.mask]
    sides = _padding_side(expected), _padding_side(found)
    layout = f"the ids agree, but one side pads on the {sides[0]}, the other on the {sides[1]}"
    if (ours == theirs).all():
        return layout if sides[0] != sides[1] else "the ids agree, the masks do not"
    steps = theirs - ours
    if (steps == steps[0]).all():
        return f"the ids agree, but every position is {steps[0]:+d} from the reference's"
    if sides[0] != sides[1]:
        return f"{layout} and counts positions from the padding"
    at = int(np.flatnonzero(steps)[0])
    return f"the ids agree, the positions do not: token {at} is at {ours[at]} against {theirs[at]}"


def _padding_side(tokens: TokenBatch) -> str:
    padded = ~tokens.mask.all(axis=1)
    return "left" if padded.any() and not tokens.mask[padded, 0].any() else "right"


def _other_order(pairs: Pairs) -> str:
    ours, theirs = ([tuple(side.tolist()) for side in sides] for sides in zip(*pairs, strict=True))
    if sorted(ours) != sorted(theirs):
        return ""
    places = ", ".join(str(ours.index(prompt)) for prompt in theirs[:_LISTED])
    return f"the prompts come in another order there: {places}{' …' if len(theirs) > _LISTED else ''}"


def _in_front(pairs: Pairs) -> str:
    if extras := _extras(pairs, _prefix):
        return _front_words(extras, pairs, "more in front", "added")
    if extras := _extras(_swapped(pairs), _prefix):
        return _front_words(extras, pairs, "missing in front", "left out")
    return ""


def _swapped(pairs: Pairs) -> Pairs:
    return [(theirs, ours) for ours, theirs in pairs]


def _extras(pairs: Pairs, rest: Callable[[Ids, Ids], Ids | None]) -> list[Ids]:
    """What each second prompt has beyond the first; empty where one of them is no continuation."""
    found = [rest(ours, theirs) for ours, theirs in pairs]
    extras = [extra for extra in found if extra is not None]
    return extras if len(extras) == len(found) else []


def _prefix(tail: Ids, whole: Ids) -> Ids | None:
    """What stands before `tail` in `whole`; None where `whole` does not end with it."""
    return whole[: whole.size - tail.size] if tail.size <= whole.size and _ends(whole, tail) else None


def _ends(whole: Ids, tail: Ids) -> bool:
    return bool((whole[whole.size - tail.size :] == tail).all())


def _front_words(extras: list[Ids], pairs: Pairs, what: str, done: str) -> str:
    if pad := _padding_id(extras, pairs):
        return f"the padding on the left, id {pad}, counts as real tokens on one side"
    if len({extra.size for extra in extras}) == 1 and extras[0].size == 1:
        token, first = int(extras[0][0]), int(pairs[0][0][0])
        twice = "the first token stands twice there, so" if token == first and done == "added" else "looks as if"
        return (
            f"every prompt has one token {what} there, id {token}: {twice} a beginning-of-sequence token was {done} by "
            f"one of the two tokenizations"
        )
    return f"prompts have {_sizes(extras)} tokens {what} there, ids {_listed(extras)}: a template or system prompt"


def _padding_id(extras: list[Ids], pairs: Pairs) -> str:
    """The id that fills every prompt up to the longest one; empty where nothing does."""
    ids = np.unique(np.concatenate(extras))
    longest = {max(ours.size, theirs.size) for ours, theirs in pairs}
    different = len({extra.size for extra in extras}) > 1
    return str(ids[0]) if ids.size == 1 and len(longest) == 1 and different else ""


def _at_the_end(pairs: Pairs) -> str:
    if extras := _extras(pairs, _suffix):
        return _end_words(extras, pairs, "more")
    if extras := _extras(_swapped(pairs), _suffix):
        return _cut_words(extras, pairs) or _end_words(extras, pairs, "missing")
    return ""


def _cut_words(lost: list[Ids], pairs: Pairs) -> str:
    """All prompts that lost something end at one length, and none that lost nothing is longer."""
    lengths = {theirs.size for (_, theirs), extra in zip(pairs, lost, strict=True) if extra.size}
    longest = max(theirs.size for _, theirs in pairs)
    cut = len(lengths) == 1 and longest in lengths and any(extra.size > 1 for extra in lost)
    return f"prompts are cut to {longest} tokens there" if cut else ""


def _suffix(head: Ids, whole: Ids) -> Ids | None:
    """What stands behind `head` in `whole`; None where `whole` does not begin with it."""
    return whole[head.size :] if head.size <= whole.size and bool((whole[: head.size] == head).all()) else None


def _end_words(extras: list[Ids], pairs: Pairs, what: str) -> str:
    if pad := _padding_id(extras, pairs):
        return f"the padding on the right, id {pad}, counts as real tokens on one side"
    kind = "an end-of-sequence token" if {extra.size for extra in extras} == {1} else "the end of a chat template"
    return f"prompts have {_sizes(extras)} tokens {what} at their end there, ids {_listed(extras)}: {kind}"


def _in_a_template(pairs: Pairs) -> str:
    places = [_place(ours, theirs) for ours, theirs in pairs]
    if any(place < 0 for place in places):
        return ""
    before = sorted(set(places))
    after = sorted({theirs.size - ours.size - at for at, (ours, theirs) in zip(places, pairs, strict=True)})
    return (
        f"every prompt stands whole in the other side's, behind {_spread(before)} and before {_spread(after)} tokens: "
        "one side used a chat template"
    )


def _place(part: Ids, whole: Ids) -> int:
    if part.size > whole.size:
        return -1
    windows = np.lib.stride_tricks.sliding_window_view(whole, part.size)
    hits = np.flatnonzero((windows == part).all(axis=1))
    return int(hits[0]) if hits.size else -1


def _shifted(pairs: Pairs) -> str:
    """The same length, with every token some places later or earlier."""
    if any(ours.size != theirs.size for ours, theirs in pairs):
        return ""
    for lag in sorted(range(-_FARTHEST, _FARTHEST + 1), key=abs):
        kept = [(_cut(ours, -lag), _cut(theirs, lag)) for ours, theirs in pairs if ours.size > abs(lag)]
        if lag and kept and all(starmap(np.array_equal, kept)):
            way = "later" if lag > 0 else "earlier"
            return f"every token stands {abs(lag)} place{'s' if abs(lag) > 1 else ''} {way} there: ids went in shifted"
    return ""


def _cut(ids: Ids, lag: int) -> Ids:
    return ids[lag:] if lag > 0 else ids[: ids.size + lag]


def _first_difference(pairs: Pairs) -> str:
    if any(ours.size != theirs.size for ours, theirs in pairs):
        sizes = ([str(side.size) for side in sides] for sides in zip(*pairs, strict=True))
        lengths = " against ".join(", ".join(side) for side in sizes)
        return f"prompts of {lengths} tokens, {_where_first(pairs)}"
    differing = sum(int((ours != theirs).sum()) for ours, theirs in pairs)
    return f"{_where_first(pairs)}; {differing} of {sum(ours.size for ours, _ in pairs)} ids differ"


def _where_first(pairs: Pairs) -> str:
    for prompt, (ours, theirs) in enumerate(pairs):
        size = min(ours.size, theirs.size)
        differs = np.flatnonzero(ours[:size] != theirs[:size])
        if differs.size:
            at = int(differs[0])
            return f"prompt {prompt} differs first at token {at}: id {ours[at]} against {theirs[at]}"
        if ours.size != theirs.size:
            return f"prompt {prompt} agrees in its first {size} tokens"
    return ""


def _sizes(extras: list[Ids]) -> str:
    return _spread(sorted({extra.size for extra in extras}))


def _spread(sizes: list[int]) -> str:
    return str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"


def _listed(extras: list[Ids]) -> str:
    ids = max(extras, key=len)
    return ", ".join(str(token) for token in ids[:_LISTED]) + (" …" if ids.size > _LISTED else "")


_READINGS: tuple[Callable[[Pairs], str], ...] = (
    _other_order,
    _in_front,
    _at_the_end,
    _in_a_template,
    _shifted,
)
