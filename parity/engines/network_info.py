"""What an .onnx file says about itself, so that it can be judged without the folder it was built from.

Stored as one JSON string in the file's `metadata_props`, under `METADATA_KEY`. Whoever builds a network writes it;
the engines read it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from parity.digest import stored_tensors
from parity.errors import ParityError
from parity.serial import from_plain, to_plain
from parity.taps import DecoderShape

__all__ = ["METADATA_KEY", "NetworkInfo", "layout_digest"]

METADATA_KEY = "layer-parity"


@dataclass(frozen=True)
class NetworkInfo:
    """The network in words and sizes.

    Attributes:
        model: the model in words (name of the folder it was converted from).
        dtype: what it computes in, numpy's name.
        shape: sizes of the decoder, from which its taps follow.
        weights_digest: `parity.digest.weights_digest` of the folder that holds its weights, when it was built.
        weights_layout: `layout_digest` of that folder, when the network was built: which bytes the graph points to.
        flags: numeric settings by name: losses in the cast of the weights, a planted fault …
    """

    model: str
    dtype: str
    shape: DecoderShape
    weights_digest: str
    weights_layout: str
    flags: Mapping[str, str] = field(default_factory=dict)

    def to_properties(self) -> dict[str, str]:
        """As `metadata_props` of an ONNX model."""
        return {METADATA_KEY: json.dumps(to_plain(self))}

    @classmethod
    def from_properties(cls, properties: Mapping[str, str], *, at: str) -> NetworkInfo | None:
        """What `to_properties` wrote, or None where there is nothing of it.

        Args:
            properties: `metadata_props` of an ONNX model.
            at: the file, for messages.

        Raises:
            ParityError: something stands under the key, but not what this version writes.
        """
        if METADATA_KEY not in properties:
            return None
        try:
            plain = json.loads(properties[METADATA_KEY])
        except json.JSONDecodeError as error:
            raise ParityError(
                f"{at}: metadata {METADATA_KEY!r} is not JSON ({error})", cure="build the network again"
            ) from error
        return from_plain(cls, plain, at=f"{at}: metadata {METADATA_KEY!r}")


def layout_digest(folder: Path) -> str:
    """SHA-256, in hexadecimal, over where every tensor of the safetensors files in `folder` lies, not over its bytes.

    A network points at bytes by their offsets, so it is of no use beside files with another layout.

    Raises:
        ParityError: a file is missing, truncated or damaged.
    """
    places = [[t.name, t.dtype, list(t.shape), t.file.name, t.start, t.stop] for t in stored_tensors(folder)]
    return hashlib.sha256(json.dumps(places).encode()).hexdigest()
