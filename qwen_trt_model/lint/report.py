"""What the linter looked at, and what it found."""

from __future__ import annotations

from dataclasses import dataclass

from parity.errors import ParityError
from qwen_trt_model.lint.finding import LintFinding

__all__ = ["LintReport", "require_clean"]


_LISTED = 8


@dataclass(frozen=True)
class LintReport:
    """One run of the linter.

    Attributes:
        model: the Hugging Face folder.
        checkpoint: the checkpoint's folder.
        model_type: ``qwen``, ``qwen2`` or ``qwen3``.
        ranks: how many files of weights there are.
        tensors: how many tensors there are in them.
        compared: how many of these were compared with the model's weights, value by value.
        keys: how many keys of both configurations were read.
        findings: the worst first; layers and ranks that deviate alike share one.
        seconds: wall time.
    """

    model: str
    checkpoint: str
    model_type: str
    ranks: int
    tensors: int
    compared: int
    keys: int
    findings: tuple[LintFinding, ...]
    seconds: float

    def count(self, severity: str) -> int:
        """How many findings are of that severity."""
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def passed(self) -> bool:
        """Whether no finding is an error."""
        return self.count("error") == 0


def require_clean(report: LintReport) -> None:
    """Raise where a finding is an error: the checkpoint is not that model, so no layer of it may be judged.

    Raises:
        ParityError: lists every error.
    """
    if report.passed:
        return
    errors = [finding for finding in report.findings if finding.severity == "error"]
    lines = [f"{item.subject}: expected {item.expected}; found {item.found}" for item in errors[:_LISTED]]
    if len(errors) > _LISTED:
        lines.append(f"and {len(errors) - _LISTED} more")
    raise ParityError(
        f"{report.checkpoint}: the checkpoint is not that Hugging Face model:\n  " + "\n  ".join(lines),
        cure=f"{errors[0].cure}; parity lint {report.model} {report.checkpoint} shows everything",
    )
