"""What the hooks have to know of a model family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from parity.taps import DecoderShape, Tap

__all__ = ["Family", "Site"]


@dataclass(frozen=True)
class Site:
    """Where a tap is seen: what a module returns, or what it is given where no module returns it.

    Attributes:
        module: path of the module from the model, with ``{layer}`` for the index of the decoder layer.
        side: ``output``, or ``input`` for the first positional argument.
    """

    module: str
    side: Literal["output", "input"] = "output"

    def path(self, tap: Tap) -> str:
        """The module's path in the layer of `tap`."""
        return self.module.format(layer=tap.layer)


@dataclass(frozen=True)
class Family:
    """A model family of transformers.

    Attributes:
        model_type: as ``config.json`` has it.
        sites: for each kind of tap, where it is seen. The kinds that it lacks (``q_rope``, ``k_rope``, ``scores``,
            ``probs``) exist only inside the attention function.
        rotary: path of the module that returns the rotary tables (cos, sin).
        shape: reads the sizes out of a config.
        eager_attention: the attention function that the family's modules run under ``eager``.
    """

    model_type: str
    sites: Mapping[str, Site]
    rotary: str
    shape: Callable[[Any], DecoderShape]
    eager_attention: Callable[..., Any]
