"""Measured power: faults and sound variants of a small model, run by a real engine and judged as any candidate is.

Like the command line and `parity.session`, this package knows hooks and networks. What it lists here is cheap.

* `parity.selftest.cases`: what is planted, and what should be found;
* `parity.selftest.bench`: truth, floors and checkpoints, recorded once for all cases;
* `parity.selftest.candidates`: a case as arrays that an engine put out;
* `parity.selftest.judge`: those arrays compared and diagnosed;
* `parity.selftest.outcome`: what was found against what was planted;
* `parity.selftest.summary`: rates and targets;
* `parity.selftest.run`: all cases, in several processes.
"""

from parity.selftest.case import Case
from parity.selftest.outcome import Outcome

__all__ = ["Case", "Outcome"]
