"""All checks of dumps, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parity.dump import Dump
from parity.finding import SEVERITIES, Finding
from parity.preflight.aliased_tap import ALIASED_TAP
from parity.preflight.check import DumpCheck
from parity.preflight.claimed_dtype import CLAIMED_DTYPE
from parity.preflight.copied_side import COPIED_SIDE
from parity.preflight.embedding_rows import EMBEDDING_ROWS
from parity.preflight.finite_truth import FINITE_TRUTH
from parity.preflight.one_token import ONE_TOKEN
from parity.preflight.other_weights import OTHER_WEIGHTS
from parity.preflight.reference_settings import REFERENCE_SETTINGS
from parity.preflight.repeated_phase import REPEATED_PHASE
from parity.preflight.sides import open_sides
from parity.preflight.token_ids import TOKEN_IDS

__all__ = ["DUMP_CHECKS", "preflight_dumps", "worst_first"]

DUMP_CHECKS: tuple[DumpCheck, ...] = (
    TOKEN_IDS,
    EMBEDDING_ROWS,
    COPIED_SIDE,
    REPEATED_PHASE,
    ALIASED_TAP,
    CLAIMED_DTYPE,
    FINITE_TRUTH,
    REFERENCE_SETTINGS,
    OTHER_WEIGHTS,
    ONE_TOKEN,
)
"""Every check of dumps."""


def preflight_dumps(reference: Dump, candidate: Dump, *, floors: Sequence[Dump] = ()) -> tuple[Finding, ...]:
    """What is wrong with the dumps before any layer is judged; nothing where all is well.

    Reads what it needs of the stored arrays, chunk by chunk, and recomputes nothing.

    Args:
        reference: the truth.
        candidate: what is judged.
        floors: runs of the reference implementation in the candidate's dtype.

    Returns:
        Findings, the worst first.

    Raises:
        ParityError: a file of a dump is missing or damaged.
    """
    sides = open_sides(reference, candidate, floors)
    return worst_first(finding for check in DUMP_CHECKS for finding in check.find(sides))


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """`findings` by severity; those of one severity keep their order."""
    order = list(SEVERITIES)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))
