"""What is wrong before any layer is judged: inputs, weights, configuration, dumps. Never a layer's error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["SEVERITIES", "Finding"]

SEVERITIES: Mapping[str, str] = {
    "error": "the two sides are not the same model on the same input, so no layer may be blamed before this is mended",
    "warning": "likely to be a fault, or to hide one",
    "note": "worth knowing, changes nothing",
}
"""Every severity with its meaning, the worst first."""


@dataclass(frozen=True)
class Finding:
    """One result of a check that looks at no layer.

    Attributes:
        check: name of the check, such as ``token_ids`` or ``rotary_base``.
        severity: one of `SEVERITIES`.
        subject: what it is about: a file, a tensor, a key of a configuration, a phase.
        sentence: what was expected and what was found.
        cure: what to do about it.
    """

    check: str
    severity: str
    subject: str
    sentence: str
    cure: str
