"""What the linter found at one key or tensor."""

from __future__ import annotations

from dataclasses import dataclass

from parity.finding import Finding

__all__ = ["LintFinding"]


@dataclass(frozen=True)
class LintFinding:
    """One deviation of a checkpoint from the Hugging Face model that it should be.

    Attributes:
        check: name of the rule, or of the defect that it recognised.
        severity: one of `parity.finding.SEVERITIES`.
        subject: key of config.json, or tensor; several layers or ranks that deviate alike share one finding.
        expected: what should be there.
        found: what is there.
        cure: what to do about it.
        places: how many keys or tensors deviate like this.
    """

    check: str
    severity: str
    subject: str
    expected: str
    found: str
    cure: str
    places: int = 1

    @property
    def finding(self) -> Finding:
        """The same in the form in which a comparison lists what was found before any layer was judged."""
        sentence = f"expected {self.expected}; found {self.found}"
        return Finding(f"lint.{self.check}", self.severity, self.subject, sentence, self.cure)
