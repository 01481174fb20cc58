"""Every hypothesis, listed by hand. A new one is one function in one file, and one line here."""

from parity.diagnose.hypotheses.bias_missing import BIAS_MISSING
from parity.diagnose.hypotheses.rotary_base import ROTARY_BASE

__all__ = ["HYPOTHESES"]

HYPOTHESES = (
    BIAS_MISSING,
    ROTARY_BASE,
)
