"""How ONNX Runtime runs, as a candidate's spec says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parity.engines.options import COPIES, require_choices, require_known, whole_number

__all__ = ["OPTION_NAMES", "OnnxRuntimeOptions"]

OPTION_NAMES = ("level", "threads", "copies")
"""Every option that `OnnxRuntimeOptions.parse` reads."""

_CHOICES = {"level": ("all", "basic", "disabled"), "copies": COPIES}


@dataclass(frozen=True)
class OnnxRuntimeOptions:
    """How ONNX Runtime runs.

    Attributes:
        level: graph optimisation: ``all``, ``basic`` (no fused kernels) or ``disabled`` (the graph as it is).
        threads: of one operator; 0 for one per core.
        copies: what a tap is put out as: ``none``, the tensor itself; ``fp32`` or its ``own`` type, a copy.
    """

    level: str = "all"
    threads: int = 0
    copies: str = "none"

    @classmethod
    def parse(cls, options: Mapping[str, str]) -> OnnxRuntimeOptions:
        """Read options as a candidate's spec gives them.

        Raises:
            ParityError: a name or a value is unknown.
        """
        require_known("onnxruntime", options, OPTION_NAMES)
        require_choices("onnxruntime", options, _CHOICES)
        plain = cls()
        return cls(
            level=options.get("level", plain.level),
            threads=whole_number("onnxruntime", options, "threads", default=plain.threads),
            copies=options.get("copies", plain.copies),
        )
