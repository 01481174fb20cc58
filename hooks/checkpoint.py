"""A checkpoint that is known to be whole and supported before any weight is loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from parity.digest import stored_tensors, weights_digest
from parity.errors import ParityError
from parity.hooks.families import Family, family_of
from parity.hooks.source import resolve_source
from parity.taps import DecoderShape

__all__ = ["Checkpoint", "open_checkpoint"]

_SHOWN_KEYS = 12


@dataclass(frozen=True)
class Checkpoint:
    """A Hugging Face folder whose configuration and keys have been checked.

    Attributes:
        folder: the folder.
        label: the model in words: folder name or hub id.
        config: transformers' configuration.
        family: what the hooks know of it.
        shape: its sizes.
    """

    folder: Path
    label: str
    config: Any
    family: Family
    shape: DecoderShape

    @property
    def max_positions(self) -> int:
        """How many tokens a prompt can have."""
        return int(self.config.max_position_embeddings)

    @cached_property
    def weights_digest(self) -> str:
        """Digest of the stored weights; reads all of their bytes, once."""
        return weights_digest(self.folder)


def open_checkpoint(source: str | Path) -> Checkpoint:
    """Find and check the checkpoint `source`, a folder or a hub id; reads ``config.json`` and tensor headers.

    transformers fills missing or misshaped weights with random numbers, so the keys are compared first.

    Raises:
        ParityError: it is missing, of an unsupported type or quantised; a file is missing or damaged; or keys are
            missing, extra or misshaped.
    """
    found = resolve_source(source)
    family = _read_family(found.folder)
    config, expected, tied = _expectation(found.folder)
    stored = {tensor.name: tensor.shape for tensor in stored_tensors(found.folder)}
    _refuse_other_keys(found.folder, stored=stored, expected=expected, tied=tied)
    return Checkpoint(found.folder, found.label, config, family, family.shape(config))


def _read_family(folder: Path) -> Family:
    path = folder / "config.json"
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ParityError(f"{folder}: holds no config.json", cure="name a Hugging Face model folder") from error
    except ValueError as error:
        raise ParityError(f"{path}: not JSON ({error})", cure="copy or download it again") from error
    if not isinstance(plain, dict) or not isinstance(plain.get("model_type"), str):
        raise ParityError(f"{path}: holds no model_type", cure="name the folder of a language model")
    if plain.get("quantization_config"):
        raise ParityError(
            f"{path}: the checkpoint is quantised (quantization_config)", cure="take the unquantised model as reference"
        )
    try:
        return family_of(plain["model_type"])
    except ParityError as error:
        raise ParityError(f"{path}: {error.problem}", cure=error.cure) from None


def _expectation(folder: Path) -> tuple[Any, dict[str, tuple[int, ...]], Mapping[str, str]]:
    """The configuration, the shape of each key that a model of it has, and which keys are tied to which."""
    try:
        config = AutoConfig.from_pretrained(folder)
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config)
    except Exception as error:  # whatever fails here, nothing but config.json was read
        raise ParityError(
            f"{folder / 'config.json'}: transformers can't build this model ({type(error).__name__}: {error})",
            cure="correct the configuration, or copy it again",
        ) from error
    if config.hidden_act != "silu":
        raise ParityError(
            f"{folder / 'config.json'}: hidden_act is {config.hidden_act!r}, expected 'silu'",
            cure="use a Qwen model: its MLP is silu(gate) * up",
        )
    return config, {key: tuple(value.shape) for key, value in model.state_dict().items()}, model.all_tied_weights_keys


def _refuse_other_keys(
    folder: Path,
    *,
    stored: Mapping[str, tuple[int, ...]],
    expected: Mapping[str, tuple[int, ...]],
    tied: Mapping[str, str],
) -> None:
    twins = {**tied, **{source: target for target, source in tied.items()}}
    faults = {
        "missing": [key for key in expected if key not in stored and twins.get(key) not in stored],
        "extra": [key for key in stored if key not in expected and not key.endswith("rotary_emb.inv_freq")],
        "misshaped": [
            f"{key} (stored {stored[key]}, expected {expected[key]})"
            for key in expected
            if key in stored and stored[key] != expected[key]
        ],
    }
    if any(faults.values()):
        listed = "".join(f"\n  {kind}: {_listed(keys)}" for kind, keys in faults.items() if keys)
        raise ParityError(
            f"{folder}: the weights don't fit config.json{listed}",
            cure="take config.json and safetensors files of one and the same causal language model",
        )


def _listed(keys: list[str]) -> str:
    rest = len(keys) - _SHOWN_KEYS
    return ", ".join(sorted(keys)[:_SHOWN_KEYS]) + (f" and {rest} more" if rest > 0 else "")
