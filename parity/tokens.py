"""What goes into the model: token ids with mask and positions, padded into one batch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from parity.errors import ParityError

__all__ = ["Phase", "TokenBatch"]


@dataclass(frozen=True, eq=False)
class TokenBatch:
    """Several prompts as one padded batch.

    Attributes:
        ids: int64, shape ``[batch, token]``; the pad id stands where `mask` is False.
        mask: bool, shape ``[batch, token]``; True at real tokens, False at padding.
        positions: int64, shape ``[batch, token]``; 0 at the first real token of each prompt.
        pieces: the text of each real token, prompt by prompt; empty where no tokenizer was at hand.
    """

    ids: npt.NDArray[np.int64]
    mask: npt.NDArray[np.bool_]
    positions: npt.NDArray[np.int64]
    pieces: tuple[tuple[str, ...], ...] = field(default=())

    def __post_init__(self) -> None:
        if self.ids.ndim != 2 or self.mask.shape != self.ids.shape or self.positions.shape != self.ids.shape:
            raise ParityError(
                f"ids {self.ids.shape}, mask {self.mask.shape} and positions {self.positions.shape} must share one "
                "shape [batch, token]"
            )
        if not self.mask.any(axis=1).all():
            raise ParityError("a prompt holds no token", cure="remove empty prompts")

    @classmethod
    def from_sequences(
        cls,
        sequences: Sequence[Sequence[int]],
        *,
        pad_id: int = 0,
        pieces: Sequence[Sequence[str]] = (),
    ) -> TokenBatch:
        """Pad `sequences` on the right to the longest of them; positions count from 0 in each."""
        if not sequences or any(len(sequence) == 0 for sequence in sequences):
            raise ParityError("a prompt holds no token", cure="remove empty prompts")
        longest = max(len(sequence) for sequence in sequences)
        ids = np.full((len(sequences), longest), pad_id, dtype=np.int64)
        mask = np.zeros(ids.shape, dtype=np.bool_)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = True
        positions = np.broadcast_to(np.arange(longest, dtype=np.int64), ids.shape).copy()
        return cls(ids, mask, positions, tuple(tuple(row) for row in pieces))

    @property
    def lengths(self) -> tuple[int, ...]:
        """Number of real tokens of each prompt."""
        return tuple(int(n) for n in self.mask.sum(axis=1))

    @property
    def digest(self) -> str:
        """SHA-256 over ids and positions at real tokens and over the mask: equal digests, equal inputs."""
        sha = hashlib.sha256()
        for array in (self.mask.astype(np.uint8), self.ids[self.mask], self.positions[self.mask]):
            sha.update(str(array.shape).encode())
            sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()


@dataclass(frozen=True, eq=False)
class Phase:
    """One forward pass of a run: ``prefill``, later ``decode.0`` and so on, with what goes in."""

    name: str
    tokens: TokenBatch
