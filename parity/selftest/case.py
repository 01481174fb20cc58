"""One case of the self-test: what stands in for a candidate, and what should be found in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from qwen_trt_model.faults import Plant

__all__ = ["BUNDLED", "QWEN3", "Case", "Engine", "Expectation", "Network", "OtherBatch", "Recorded", "Source"]

BUNDLED, QWEN3 = "bundled", "small Qwen3"
"""The models that cases run on."""


@dataclass(frozen=True)
class Network:
    """A network with faults in it, or an equivalent one, run by ONNX Runtime.

    Attributes:
        plants: the faults.
        equivalent: id of an equivalent implementation; empty for the usual one.
        stored: dtype of the network itself, where that is not what it is judged as.
    """

    plants: tuple[Plant, ...] = ()
    equivalent: str = ""
    stored: str = ""


@dataclass(frozen=True)
class Engine:
    """The sound network, run by ONNX Runtime with other options."""

    level: str = "all"
    threads: int = 1


@dataclass(frozen=True)
class OtherBatch:
    """The sound network, whose prompts come alone, or with more padding.

    Attributes:
        alone: each prompt is a batch of its own.
        padding: so much more of it on the right.
    """

    alone: bool = False
    padding: int = 0


@dataclass(frozen=True)
class Recorded:
    """The Hugging Face model itself with another attention kernel, in `dtype`."""

    dtype: str
    attention: str


Source: TypeAlias = "Network | Engine | OtherBatch | Recorded"
"""What stands in for a candidate."""


@dataclass(frozen=True)
class Expectation:
    """A fault that should be found.

    Attributes:
        tap: the first source, or the tap whose capture is wrong.
        causes: hypotheses that name it rightly; none for faults of the capture.
    """

    tap: str
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        id: of the fault or the sound variant; joined with ``+`` where there are several faults.
        where: ``everywhere``, ``layer 3``, ``layers 1 and 4``, or empty for a sound variant.
        size: of the fault, in words.
        dtype: what the candidate computes in, numpy's name.
        source: what stands in for the candidate.
        expected: what should be found, in graph order; nothing in a sound variant.
        model: `BUNDLED` or `QWEN3`.
    """

    id: str
    where: str
    size: str
    dtype: str
    source: Source
    expected: tuple[Expectation, ...] = ()
    model: str = BUNDLED

    @property
    def checkpoint_dtype(self) -> str:
        """The dtype of the checkpoint that its network is built from; empty where there is no network."""
        if isinstance(self.source, Recorded):
            return ""
        return (self.source.stored if isinstance(self.source, Network) else "") or self.dtype

    @property
    def expected_at(self) -> dict[str, tuple[Expectation, ...]]:
        """What should be found, by tap: two faults may sit in one operation."""
        taps = dict.fromkeys(expectation.tap for expectation in self.expected)
        return {tap: tuple(one for one in self.expected if one.tap == tap) for tap in taps}

    @property
    def is_control(self) -> bool:
        """Whether nothing may be found."""
        return not self.expected

    @property
    def group(self) -> str:
        """``A`` to ``G`` by the fault; ``pairs`` for several at once, ``sound`` for what has none."""
        if self.is_control:
            return "sound"
        return "pairs" if len(self.expected) > 1 else self.id[0]
