"""The record of a conversion: what the weights were cast from and to, and what that lost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from parity.serial import read_json
from qwen_trt_model.casting import CastLoss

__all__ = ["CONVERSION_FILE", "Conversion", "read_conversion"]

CONVERSION_FILE = "conversion.json"


@dataclass(frozen=True)
class Conversion:
    """How a checkpoint came to be.

    Attributes:
        model: the model in words: name of the Hugging Face folder.
        source_dtype: what its weights were stored in; several joined by ``+``.
        dtype: what they are stored in here.
        losses: tensors of which some values became zero or subnormal.
    """

    model: str
    source_dtype: str
    dtype: str
    losses: tuple[CastLoss, ...]

    @property
    def summary(self) -> str:
        """The cast and its losses in one line."""
        if self.source_dtype == self.dtype:
            return f"{self.dtype}, as stored"
        zeroed, subnormal = (sum(getattr(loss, kind) for loss in self.losses) for kind in ("zeroed", "subnormal"))
        lost = f"{zeroed} values became zero, {subnormal} subnormal, in {len(self.losses)} tensors"
        return f"{self.source_dtype} to {self.dtype}: {lost if self.losses else 'no value became zero or subnormal'}"


def read_conversion(path: Path) -> Conversion | None:
    """The record at `path`, None where there is none.

    Raises:
        ParityError: the file is damaged.
    """
    return read_json(path, Conversion) if path.exists() else None
