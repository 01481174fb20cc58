"""How TensorRT builds and runs, as a candidate's spec says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parity.engines.options import COPIES, require_choices, require_known, whole_number
from parity.errors import ParityError

__all__ = ["OPTION_NAMES", "TensorRTOptions", "parse_bytes"]

OPTION_NAMES = ("level", "types", "accumulation", "copies", "memory", "tactic_sources", "tactics", "tf32")
"""Every option that `TensorRTOptions.parse` reads."""

_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "": 1}
_CHOICES = {
    "types": ("prefer", "obey", "free"),
    "accumulation": ("tf32", "engine"),
    "copies": COPIES,
    "tactic_sources": ("default", "none"),
    "tf32": ("off", "on"),
}


@dataclass(frozen=True)
class TensorRTOptions:
    """How an engine is built and run.

    Attributes:
        level: builder optimisation level, 0 to 5.
        types: where TensorRT chooses types itself (before version 10): ``prefer`` asks for those that the graph says
            wherever there is an implementation, ``obey`` insists on them, ``free`` lets it: then norms overflow and
            rotary angles are formed in fp16.
        accumulation: how weakly typed builds sum the products of fp16 matrices: ``tf32`` multiplies in TF32, which
            holds every fp16 number exactly and sums in fp32; ``engine`` leaves it to the kernel, which may sum in fp16.
        copies: what a tap is put out as: ``fp32`` or its ``own`` type, both a private copy; ``none`` marks the
            tensor itself, whose memory a fused kernel may write to again.
        memory: bytes that the outputs of one engine may take on the GPU; 0 for half of what is free.
        tactic_sources: ``none`` forbids cuBLAS and cuDNN.
        tactics: a number that names a timing cache of its own: two builds with different numbers choose their kernels
            independently, which shows how much a rebuild changes.
        tf32: ``on`` lets fp32 matrix products round their operands to 10 bits.
    """

    level: int = 3
    types: str = "prefer"
    accumulation: str = "tf32"
    copies: str = "fp32"
    memory: int = 0
    tactic_sources: str = "default"
    tactics: int = 0
    tf32: str = "off"

    @classmethod
    def parse(cls, options: Mapping[str, str]) -> TensorRTOptions:
        """Read options as a candidate's spec gives them.

        Raises:
            ParityError: a name or a value is unknown.
        """
        require_known("tensorrt", options, OPTION_NAMES)
        require_choices("tensorrt", options, _CHOICES)
        plain = cls()
        return cls(
            level=whole_number("tensorrt", options, "level", default=plain.level, most=5),
            types=options.get("types", plain.types),
            accumulation=options.get("accumulation", plain.accumulation),
            copies=options.get("copies", plain.copies),
            memory=parse_bytes(options.get("memory", "0")),
            tactic_sources=options.get("tactic_sources", plain.tactic_sources),
            tactics=whole_number("tensorrt", options, "tactics", default=plain.tactics),
            tf32=options.get("tf32", plain.tf32),
        )


def parse_bytes(text: str) -> int:
    """Read ``512M``, ``4G`` or a plain number of bytes.

    Raises:
        ParityError: it is none of these.
    """
    number, unit = (text[:-1], text[-1].upper()) if text and not text[-1].isdigit() else (text, "")
    if unit not in _UNITS or not number.isdigit():
        raise ParityError(f"memory {text!r} is no size", cure="write for example 512M or 4G")
    return int(number) * _UNITS[unit]
