"""Two faults in one operation: a cause that leaves more than noise, and one that explains what it leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from parity.diagnose.attention_variation import ATTENTION_OPERATIONS
from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import DESCRIPTION_RANK, Hypothesis, Prediction
from parity.diagnose.judged import Judged, judge, left_by, predictions_of
from parity.diagnosis import Cause

__all__ = ["explain_by_two"]

_FIRSTS = 4
_ROUNDS = 2
_MOST_LEFT = 0.95


@dataclass(frozen=True, eq=False)
class _Step:
    """One fault of two."""

    hypothesis: Hypothesis
    prediction: Prediction

    def granted(self, case: SourceCase) -> SourceCase:
        """`case` as it would be with this fault in the reference."""
        assert self.prediction.assumed is not None
        return self.prediction.assumed(case)


def explain_by_two(case: SourceCase, hypotheses: Sequence[Hypothesis], noise_limit: float) -> tuple[Cause, ...]:
    """Two causes that leave nothing but noise together, as one cause; none where no two are found.

    The parameters of either were solved while the other still stood in the way, so they are solved again in turn.
    """
    if case.tap.op not in ATTENTION_OPERATIONS:  # no fault of another operation can be granted yet
        return ()
    usable = [hypothesis for hypothesis in hypotheses if hypothesis.rank < DESCRIPTION_RANK]
    for first in _firsts(case, usable):
        others = [hypothesis for hypothesis in usable if hypothesis.name != first.hypothesis.name]
        found = _both(case, first, others, noise_limit)
        if found is not None:
            return (found,)
    return ()


def _firsts(case: SourceCase, hypotheses: Sequence[Hypothesis]) -> list[_Step]:
    """The faults that leave least by themselves, the best of each hypothesis; half of the residual need not go."""
    lenient = replace(case, most_left=_MOST_LEFT)
    steps = [
        (left_by(case, prediction.output), place, _Step(hypothesis, prediction))
        for place, hypothesis in enumerate(hypotheses)
        for prediction in predictions_of(lenient, hypothesis)
        if prediction.assumed is not None
    ]
    return [step for _, _, step in sorted(steps, key=lambda entry: entry[:2])][:_FIRSTS]


def _both(case: SourceCase, first: _Step, others: Sequence[Hypothesis], noise_limit: float) -> Cause | None:
    second = _best(first.granted(case), others, noise_limit)
    for _ in range(_ROUNDS):
        if second is None or second[1].complete:
            break
        if second[0].prediction.assumed is None:
            return None
        again = _best(second[0].granted(case), [first.hypothesis], noise_limit)
        if again is None or again[0].prediction.assumed is None:
            return None
        first = again[0]
        second = _best(first.granted(case), [second[0].hypothesis], noise_limit)
    if second is None or not second[1].complete:
        return None
    return _joined(case, first, *second)


def _best(case: SourceCase, hypotheses: Sequence[Hypothesis], noise_limit: float) -> tuple[_Step, Judged] | None:
    """The fault that leaves least of what is left; complete ones with fewer fitted numbers first."""
    found = list(_all_judged(case, hypotheses, noise_limit))
    return min(found, key=lambda pair: _order(pair[1]), default=None)


def _order(judged: Judged) -> tuple[float, ...]:
    if judged.complete:
        return (0, judged.cause.fitted, judged.rank, judged.remainder)
    return (1, judged.remainder)


def _all_judged(
    case: SourceCase, hypotheses: Sequence[Hypothesis], noise_limit: float
) -> Iterator[tuple[_Step, Judged]]:
    for hypothesis in hypotheses:
        for prediction in predictions_of(case, hypothesis):
            judged = judge(case, hypothesis, prediction, noise_limit=noise_limit)
            if judged is not None:
                yield _Step(hypothesis, prediction), judged


def _joined(case: SourceCase, first: _Step, second: _Step, judged: Judged) -> Cause:
    left = left_by(case, second.prediction.output)
    return replace(
        judged.cause,
        hypothesis=f"{first.hypothesis.name}+{second.hypothesis.name}",
        sentence=f"two faults: {first.prediction.sentence}; and {second.prediction.sentence}",
        explained_share=1 - left / left_by(case, case.predicted),
        fitted=first.prediction.fitted + second.prediction.fitted,
    )
