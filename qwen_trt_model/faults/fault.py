"""What a planted defect is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.graph.ops import Ops

__all__ = ["Fault", "any_model"]


def any_model(config: QwenConfig) -> str:
    """The obstacle of a fault that every model can have: none."""
    del config
    return ""


@dataclass(frozen=True)
class Fault:
    """A defect that real ports have had.

    Attributes:
        id: group letter and number; A weights and wiring, B rotary embedding, C attention, D norms and activation,
            G inputs.
        title: its name in a few words.
        description: what is wrong in the network, in one sentence.
        first_tap: kind of the first tap that differs, such as ``q`` or ``final_norm``.
        apply: gives the faulty ops for sound ones.
        hidden_tap: kind of a tap that differs earlier but is captured only on request; empty where there is none.
        one_layer: whether it can be planted into a single layer.
        harmless: whether the logits stay the same.
        obstacle: says why a model can't have this fault; empty where it can.
    """

    id: str
    title: str
    description: str
    first_tap: str
    apply: Callable[[Ops], Ops]
    hidden_tap: str = ""
    one_layer: bool = True
    harmless: bool = False
    obstacle: Callable[[QwenConfig], str] = any_model

    def expected_tap(self, layer: int | None, *, on_request: bool = False) -> str:
        """Name of the first tap that differs.

        Args:
            layer: the layer that has the fault; None for all of them.
            on_request: whether scores and probabilities are captured too.
        """
        kind = self.hidden_tap if on_request and self.hidden_tap else self.first_tap
        return kind if kind in ("embed", "final_norm", "logits") else f"layers.{layer or 0}.{kind}"
