"""What a planted defect is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from parity.errors import ParityError
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.graph.ops import Ops

__all__ = ["OUTSIDE_LAYERS", "Draw", "Fault", "Size", "any_model", "only"]

OUTSIDE_LAYERS = ("embed", "final_norm", "logits")
"""Taps that belong to no layer."""


def any_model(config: QwenConfig) -> str:
    """The obstacle of a fault that every model can have: none."""
    del config
    return ""


@dataclass(frozen=True)
class Size:
    """A fault at one size.

    Attributes:
        name: the size in words, such as ``base 1e4``; empty where there is only one.
        apply: gives the faulty ops for sound ones.
        first_tap: where it differs from the fault's own.
        causes: likewise.
        dtypes: networks in which it is anything but what they do anyway; all where empty.
    """

    name: str
    apply: Callable[[Ops], Ops]
    first_tap: str = ""
    causes: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()


Draw = Callable[[np.random.Generator, QwenConfig], Size]
"""Draws a size at random."""


def only(apply: Callable[[Ops], Ops]) -> tuple[Size, ...]:
    """The sizes of a fault that has one."""
    return (Size("", apply),)


@dataclass(frozen=True)
class Fault:
    """A defect that real ports have had.

    Attributes:
        id: group letter and number; A weights and wiring, B rotary embedding, C attention, D norms, activation and
            precision, E quantisation, G inputs and capture, X others.
        title: its name in a few words.
        description: what is wrong in the network, in one sentence.
        first_tap: kind of the first tap that differs, such as ``q`` or ``final_norm``.
        causes: hypotheses of `parity.diagnose` that name it rightly; none for faults of the capture.
        sizes: how large it can be, the usual size first.
        hidden_tap: kind of a tap that differs earlier but is captured only on request; empty where there is none.
        one_layer: whether it can be planted into a single layer.
        last_layer: whether it shows in the last layer alone.
        harmless: whether the logits stay the same.
        captured_only: whether nothing is computed wrongly and only a capture shows another tensor.
        obstacle: says why a model can't have this fault; empty where it can.
        draw: draws other sizes at random; None where there are no others.
    """

    id: str
    title: str
    description: str
    first_tap: str
    causes: tuple[str, ...]
    sizes: tuple[Size, ...]
    hidden_tap: str = ""
    one_layer: bool = True
    last_layer: bool = False
    harmless: bool = False
    captured_only: bool = False
    obstacle: Callable[[QwenConfig], str] = any_model
    draw: Draw | None = None

    @property
    def group(self) -> str:
        """The letter of its id."""
        return self.id[0]

    def size(self, name: str = "") -> Size:
        """The size of that name; the usual one where it is empty.

        Raises:
            ParityError: there is none.
        """
        for size in self.sizes:
            if name in ("", size.name):
                return size
        known = ", ".join(size.name for size in self.sizes if size.name) or "only one"
        raise ParityError(f"fault {self.id} ({self.title}) has no size {name!r}", cure=f"there is {known}")

    def expected_tap(self, layer: int | None, *, size: Size | None = None, on_request: bool = False) -> str:
        """Name of the first tap that differs.

        Args:
            layer: the layer that has the fault; None for all of them.
            size: the usual one where None.
            on_request: whether scores and probabilities are captured too.
        """
        kind = (size or self.size()).first_tap or self.first_tap
        if on_request and self.hidden_tap:
            kind = self.hidden_tap
        return kind if kind in OUTSIDE_LAYERS else f"layers.{layer or 0}.{kind}"

    def expected_causes(self, size: Size) -> tuple[str, ...]:
        """The hypotheses that name it rightly at that size."""
        return size.causes or self.causes
