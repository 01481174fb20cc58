"""A run from prompts to report, out of parts that do not know one another.

This package alone, with the command line and the pytest plugin above it, knows hooks, networks and reports.
What it lists here is cheap; the modules that do the work import torch, an engine or pandas, each only what it
needs, and are imported where a command needs them:

* `parity.session.run`: a whole run;
* `parity.session.reference`, `parity.session.candidate`: one side alone;
* `parity.session.observer`: the candidate with and without taps;
* `parity.session.network`: checkpoint and network;
* `parity.session.views`: the files that people open;
* `parity.session.tune`: a search for the operations that have to run in fp32;
* `parity.session.stored`: a run that is there already.
"""

from parity.session.progress import PlainProgress, Progress, SilentProgress
from parity.session.request import (
    CandidateRequest,
    EngineChecks,
    InputRequest,
    Judging,
    PlantedFault,
    ReferenceRequest,
    RunRequest,
    TuneRequest,
)

__all__ = [
    "CandidateRequest",
    "EngineChecks",
    "InputRequest",
    "Judging",
    "PlainProgress",
    "PlantedFault",
    "Progress",
    "ReferenceRequest",
    "RunRequest",
    "SilentProgress",
    "TuneRequest",
]
