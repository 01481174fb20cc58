"""One test: one row of the comparison, with its numbers as properties of the JUnit report."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from parity.comparison import Comparison, TapResult
from parity.diagnosis import Diagnosis
from parity.message import failure_message, heir_message

__all__ = ["check_observer", "check_row"]


def check_row(comparison: Comparison, row: TapResult, *, run: str, item: pytest.Item) -> None:
    """Pass, fail or skip as `row` says; a failure is explained in words, without a traceback.

    A tap that fails only because of what came in gets a short message, which names where that was born.

    Args:
        comparison: what `row` belongs to.
        row: what is tested.
        run: folder of the run, for the command that the message ends with.
        item: the test, whose properties are filled (pytest's `record_property` would warn at every test).
    """
    item.user_properties.extend(_properties(row).items())
    if row.fails(strict=comparison.limits.strict):
        words = heir_message(comparison, row, run=run) or failure_message(comparison, row, run=run)
        pytest.fail(words, pytrace=False)
    if row.errors is None:
        pytest.skip(f"{row.key}: {row.status}: {row.reason}")


def check_observer(comparison: Comparison) -> None:
    """Fail where the engine without taps is beyond the limits and the rows, which are of the one with taps, are not."""
    effect = comparison.observer
    if effect is not None and effect.fails:
        pytest.fail(f"observer effect: {effect.sentence}\n  cure      {effect.cure}", pytrace=False)


def _properties(row: TapResult) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "phase": row.phase,
        "tap": row.tap,
        "status": row.status,
        "flagged": row.flagged,
        "reason": row.reason,
        "elements": row.elements,
    }
    for part in (row.errors, row.noise):
        if part is not None:
            properties |= {field.name: getattr(part, field.name) for field in fields(part)}
    return properties | (_diagnosis_properties(row.diagnosis) if row.diagnosis else {})


def _diagnosis_properties(diagnosis: Diagnosis) -> dict[str, Any]:
    local = diagnosis.local
    return {
        "role": diagnosis.role,
        "local_rel_l2": local.local_rel_l2,
        "local_noise_ratio": local.local_noise_ratio,
        "inherited_rel_l2": local.inherited_rel_l2,
        "gain": "" if local.gain is None else local.gain,
        "cause": diagnosis.causes[0].sentence if diagnosis.causes else "",
    }
