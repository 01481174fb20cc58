"""Loading a checkpoint into PyTorch without rounding a weight twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from parity.errors import ParityError
from parity.hooks.checkpoint import Checkpoint

__all__ = ["load_model", "usable_device"]


def load_model(checkpoint: Checkpoint, *, dtype: torch.dtype, attention: str, device: torch.device) -> Any:
    """The model of `checkpoint` in evaluation mode, each weight converted once, from stored to `dtype`.

    Weights stored in 16 bits are widened exactly. ``dtype="auto"`` would round what a mixed checkpoint stores in
    fp32 to the 16 bits of ``config.json``; ``model.to(dtype)`` would round the rotary frequencies, which stay fp32.

    Args:
        checkpoint: what to load.
        dtype: what to compute in.
        attention: ``eager`` or ``sdpa``.
        device: where to put it.
    """
    with _no_progress_bar():
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            checkpoint.folder, dtype=dtype, attn_implementation=attention, output_loading_info=True
        )
    model, found = loaded
    # open_checkpoint compared the keys: anything here means that transformers reads them in another way.
    assert not any(found.values()), f"{checkpoint.folder}: transformers reports {found}"
    return model.to(device)


def usable_device(name: str) -> torch.device:
    """The device called `name`, such as ``cpu`` or ``cuda:1``.

    Raises:
        ParityError: there is no such device here.
    """
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ParityError(
            f"device {name!r} can't be used ({reason})", cure="use cpu, or cuda where there is one"
        ) from error
    return device


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
