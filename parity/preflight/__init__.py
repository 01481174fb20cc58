"""What is wrong before any layer is judged: other tokens, copied dumps, dtypes that are not as claimed."""

from parity.preflight.check import DumpCheck
from parity.preflight.preflight import DUMP_CHECKS, preflight_dumps, worst_first
from parity.preflight.reference_products import preflight_reference
from parity.preflight.sides import DumpSides, PhaseSides, TapRows, open_sides
from parity.preflight.token_difference import describe_token_difference

__all__ = [
    "DUMP_CHECKS",
    "DumpCheck",
    "DumpSides",
    "PhaseSides",
    "TapRows",
    "describe_token_difference",
    "open_sides",
    "preflight_dumps",
    "preflight_reference",
    "worst_first",
]
