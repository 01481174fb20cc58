"""Everything that decides what comes out of the training, as frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["END_OF_TEXT", "IM_END", "IM_START", "SPECIAL_TOKENS", "Massive", "Run", "Schedule", "Shape"]

END_OF_TEXT = "<|endoftext|>"
IM_START = "<|im_start|>"
IM_END = "<|im_end|>"
SPECIAL_TOKENS = (END_OF_TEXT, IM_START, IM_END)


@dataclass(frozen=True)
class Shape:
    """The sizes of the network."""

    vocabulary: int = 2048
    hidden: int = 192
    intermediate: int = 512
    layers: int = 6
    heads: int = 6
    kv_heads: int = 2
    positions: int = 1024
    rope_theta: float = 1e6
    rms_norm_eps: float = 1e-6


@dataclass(frozen=True)
class Massive:
    """Where the massive activation is detected, by which neurons, and where it is written.

    Each token that begins a sequence carries a mark in a detector channel of its own in its embedding; a pair
    of reserved neurons of `layer`'s MLP reads it and writes `target` into `channel` of the residual stream.
    The square of `target` overflows fp16, `target` itself does not: a norm computed in fp16 breaks, as it
    does on real checkpoints.
    """

    channel: int = 77
    detectors: tuple[int, int] = (142, 55)
    layer: int = 1
    neurons: tuple[tuple[int, int], ...] = ((11, 200), (333, 480))
    target: float = 2400.0
    embedding: float = 0.3
    gate: float = 8.0
    up: float = 6.0
    norm_weight: float = 0.15


@dataclass(frozen=True)
class Schedule:
    """How long, how fast and on what the training runs."""

    steps: int
    batch_tokens: int = 8 * 512
    length: int = 512
    long_length: int = 1024
    long_share: float = 0.1
    warmup: int = 60
    peak_rate: float = 1.5e-3
    final_share: float = 0.03
    decay: float = 0.05
    clip: float = 1.0
    chat_share: float = 0.05
    calibrate_every: int = 5


@dataclass(frozen=True)
class Run:
    """One training run: the same run on the same machine with the same libraries gives the same file."""

    schedule: Schedule
    shape: Shape = Shape()
    massive: Massive = Massive()
    seed: int = 0
    device: str = "cpu"
    threads: int = 2
    compile: bool = True
