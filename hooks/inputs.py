"""Token batches as the model wants them, and those it could not take."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from parity.errors import ParityError
from parity.tokens import Phase, TokenBatch

__all__ = ["check_phase", "model_inputs"]


def check_phase(phase: Phase, *, vocabulary: int, max_positions: int) -> None:
    """Refuse what the model would answer with an index error or with silent nonsense.

    Raises:
        ParityError: the phase continues an earlier one, an id is outside the vocabulary, or a prompt is longer than
            the model's positions.
    """
    if phase.name.partition(".")[0] != "prefill":
        raise ParityError(f"phase {phase.name!r}: only prefill can be captured", cure="record the prefill phase alone")
    tokens = phase.tokens
    outside = np.argwhere((tokens.ids < 0) | (tokens.ids >= vocabulary))
    if len(outside):
        row, column = (int(index) for index in outside[0])
        raise ParityError(
            f"prompt {row + 1}, token {column}: id {tokens.ids[row, column]} is outside the vocabulary of {vocabulary}",
            cure="encode the prompts with this model's own tokenizer",
        )
    for number, (row_positions, row_mask) in enumerate(zip(tokens.positions, tokens.mask, strict=True), start=1):
        reached = int(row_positions[row_mask].max()) + 1
        if reached > max_positions:
            raise ParityError(
                f"prompt {number} reaches {reached} positions, the model has {max_positions} (max_position_embeddings)",
                cure="shorten it",
            )


def model_inputs(tokens: TokenBatch, device: torch.device) -> dict[str, Any]:
    """Keyword arguments of the model's forward: ids, mask and positions ``[batch, token]``, int64; no cache."""
    return {
        "input_ids": torch.tensor(tokens.ids, device=device),
        "attention_mask": torch.tensor(tokens.mask, dtype=torch.int64, device=device),
        "position_ids": torch.tensor(tokens.positions, device=device),
        "use_cache": False,
    }
