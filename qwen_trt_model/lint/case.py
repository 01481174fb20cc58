"""Everything that a rule may look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parity.digest import StoredTensor
from qwen_trt_model.lint.checkpoint_files import CheckpointFiles
from qwen_trt_model.lint.expected import ExpectedTensor
from qwen_trt_model.lint.ranks import Parallelism
from qwen_trt_model.lint.source import SourceModel

__all__ = ["LintCase", "StoredPair", "named"]


@dataclass(frozen=True)
class StoredPair:
    """A tensor of the checkpoint, and what it should be."""

    expected: ExpectedTensor
    stored: StoredTensor


@dataclass(frozen=True, eq=False)
class LintCase:
    """A checkpoint beside its model.

    Attributes:
        source: the Hugging Face model.
        files: the checkpoint.
        parallelism: how it is spread, as its config.json says.
        expected: what the files of all ranks should hold; empty where the model can't be cut like that.
    """

    source: SourceModel
    files: CheckpointFiles
    parallelism: Parallelism
    expected: tuple[ExpectedTensor, ...]

    def pairs(self) -> Iterator[StoredPair]:
        """Every expected tensor that is there."""
        for expected in self.expected:
            stored = self.files.ranks.get(expected.rank.index, {}).get(expected.name)
            if stored is not None:
                yield StoredPair(expected, stored)

    def place(self, expected: ExpectedTensor) -> str:
        """How messages name a tensor: with its rank where there are several."""
        return named(expected.rank.index, expected.name, several=len(self.files.ranks) > 1)


def named(rank: int, name: str, *, several: bool) -> str:
    """A tensor's name, behind its rank where there are several."""
    return f"rank{rank}: {name}" if several else name
