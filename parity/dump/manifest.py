"""What a dump says about itself: `manifest.json`, written last, so that a folder without it is no dump."""

from __future__ import annotations

from dataclasses import dataclass

from parity.runner import RunnerInfo

__all__ = ["SCHEMA_VERSION", "Manifest", "PhaseRecord", "TapRecord"]

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class TapRecord:
    """One stored tensor.

    Attributes:
        name: the tap.
        dtype: numpy's name of the stored format.
        shape: every axis of the tap, padding included.
        file: name of the safetensors file that holds it under the tap's name.
        packed: whether only real tokens are stored, prompt after prompt, ``[real tokens, …]`` in place of
            ``[batch, token, …]``.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: str
    packed: bool = False

    def stored_shape(self, real_tokens: int) -> tuple[int, ...]:
        """The shape in the file."""
        return (real_tokens, *self.shape[2:]) if self.packed else self.shape


@dataclass(frozen=True)
class PhaseRecord:
    """One forward pass.

    Attributes:
        name: ``prefill`` …
        tokens_digest: digest of ids, mask and positions (`TokenBatch.digest`).
        tokens_file: name of the safetensors file with ``ids``, ``mask`` and ``positions``.
        pieces: the text of each token, prompt by prompt; may be empty.
        taps: what was captured, in graph order.
    """

    name: str
    tokens_digest: str
    tokens_file: str
    pieces: tuple[tuple[str, ...], ...]
    taps: tuple[TapRecord, ...]


@dataclass(frozen=True)
class Manifest:
    """The whole of `manifest.json`.

    Attributes:
        schema_version: `SCHEMA_VERSION` of the writer.
        role: ``reference``, ``floor`` or ``candidate``.
        runner: what made the dump.
        phases: in the order they ran.
        parity_version: version of this package.
        recorded_at: UTC time, ISO 8601.
        seconds: wall time of the recording.
    """

    schema_version: int
    role: str
    runner: RunnerInfo
    phases: tuple[PhaseRecord, ...]
    parity_version: str
    recorded_at: str
    seconds: float
