"""The file that says how the tensors of somebody's network are called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from parity.errors import ParityError
from parity.options import MAPPING
from parity.serial import read_json

__all__ = ["read_tensor_names"]

_EXAMPLE = '{"layers.0.attn_out": "/model/layers.0/self_attn/o_proj/MatMul_output_0"}'


def read_tensor_names(path: Path) -> Mapping[str, str]:
    """Read a JSON object from tap name to tensor name.

    Raises:
        ParityError: the file is missing, is no JSON, or holds something else.
    """
    try:
        names: Mapping[str, str] = read_json(path, Mapping[str, str])  # type: ignore[type-abstract]
    except ParityError as error:
        raise ParityError(f"{MAPPING.flag} {error.problem}", cure=f"write an object such as {_EXAMPLE}") from error
    return names
