"""The model families that can be observed, one file each."""

from __future__ import annotations

from parity.errors import ParityError
from parity.hooks.families.family import Family, Site
from parity.hooks.families.qwen2 import QWEN2
from parity.hooks.families.qwen3 import QWEN3

__all__ = ["QWEN2", "QWEN3", "SUPPORTED_FAMILIES", "Family", "Site", "family_of"]

SUPPORTED_FAMILIES = (QWEN2, QWEN3)
"""To support another family, write its file beside these and list it here."""


def family_of(model_type: str) -> Family:
    """The family that ``config.json`` calls `model_type`.

    Raises:
        ParityError: it is not supported; the message lists those that are.
    """
    for family in SUPPORTED_FAMILIES:
        if family.model_type == model_type:
            return family
    raise ParityError(
        f"model type {model_type!r} is not supported",
        cure="use a model of type " + " or ".join(family.model_type for family in SUPPORTED_FAMILIES),
    )
