"""A Hugging Face model as one side of a comparison: reference, truth or noise floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from parity.dtypes import dtype_info
from parity.errors import ParityError
from parity.hooks.attention import KERNELS, kernel_of, observed_attention
from parity.hooks.checkpoint import Checkpoint, open_checkpoint
from parity.hooks.delivery import Delivery
from parity.hooks.exact import exact_kernel, exact_modules
from parity.hooks.inputs import check_phase, model_inputs
from parity.hooks.model import load_model, usable_device
from parity.hooks.module_hooks import observed_modules
from parity.hooks.settings import ieee_float32, library_versions, numeric_flags
from parity.runner import RunnerInfo, Sink
from parity.taps import Tap, decoder_taps
from parity.tokens import Phase

__all__ = ["TransformersRunner"]


class TransformersRunner:
    """Runs a checkpoint in PyTorch and captures taps; implements `parity.runner.Runner`.

    In float64 it is the truth: nothing in the model is computed in less. Capturing does not disturb: in the other
    dtypes the model's output has the same bits with and without it.

    Args:
        source: a Hugging Face folder, a hub id, or a checkpoint that `open_checkpoint` gave.
        dtype: what to compute in: ``float64``, ``float32``, ``float16`` or ``bfloat16``, or their short names.
        attention: ``eager`` or ``sdpa``.
        device: where to compute, such as ``cpu`` or ``cuda``.

    Raises:
        ParityError: the checkpoint is missing, damaged, of another family or not whole; or dtype, attention or
            device is unknown. Weights are loaded by the first capture.
    """

    def __init__(
        self, source: str | Path | Checkpoint, *, dtype: str, attention: str = "eager", device: str = "cpu"
    ) -> None:
        if attention not in KERNELS:
            raise ParityError(f"unknown attention {attention!r}", cure=f"use {' or '.join(KERNELS)}")
        self._dtype = dtype_info(dtype).name
        self._attention = attention
        self._device = usable_device(device)
        self._checkpoint = source if isinstance(source, Checkpoint) else open_checkpoint(source)
        self._graph = decoder_taps(self._checkpoint.shape)

    @property
    def max_positions(self) -> int:
        """How many tokens a prompt can have."""
        return self._checkpoint.max_positions

    @cached_property
    def model(self) -> Any:
        """The model of transformers, loaded when it is first asked for."""
        return load_model(
            self._checkpoint, dtype=getattr(torch, self._dtype), attention=self._attention, device=self._device
        )

    def describe(self) -> RunnerInfo:
        """Model, weights, taps, versions and settings; reads the weights' bytes, but does not load them."""
        return RunnerInfo(
            name="transformers",
            model=self._checkpoint.label,
            dtype=self._dtype,
            weights_digest=self._checkpoint.weights_digest,
            graph=self._graph,
            versions=library_versions(self._device),
            flags=numeric_flags(
                self._checkpoint.config, dtype=self._dtype, attention=self._attention, device=self._device
            ),
            source=str(self._checkpoint.folder.resolve()),
        )

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        """Run `phase` once and hand `taps` to `sink` as they are computed.

        Each array is a contiguous copy in host memory with the axes of its tap, in the dtype of the model. No hook
        and no registered function outlives the call, however it ends.

        Raises:
            ParityError: ids, lengths or the phase don't suit the model, or the device's memory doesn't suffice.
        """
        shape = self._checkpoint.shape
        check_phase(phase, vocabulary=shape.vocabulary, max_positions=self.max_positions)
        delivery = Delivery(taps, sink)
        try:
            with torch.inference_mode(), ieee_float32(), self._observed(delivery):
                self.model(**model_inputs(phase.tokens, self._device))
        except torch.OutOfMemoryError as error:
            raise ParityError(
                f"{self._checkpoint.label} in {self._dtype} does not fit into the memory of {self._device}",
                cure="give fewer or shorter prompts, a smaller dtype, or device cpu",
            ) from error
        delivery.check_complete()

    @contextmanager
    def _observed(self, delivery: Delivery) -> Iterator[None]:
        family, kernel = self._checkpoint.family, kernel_of(self._attention, self._checkpoint.family)
        with ExitStack() as stack:
            if self._dtype == "float64":  # first, so that its hooks run before those that look
                stack.enter_context(exact_modules(self.model, family, self._graph))
                kernel = exact_kernel(kernel)
            stack.enter_context(observed_modules(self.model, family, delivery))
            stack.enter_context(observed_attention(self.model, kernel, delivery))
            yield
