"""The small real Qwen2 that ships with this package."""

from __future__ import annotations

from pathlib import Path

from parity.errors import ParityError

__all__ = ["bundled_model", "bundled_prompts"]

_FOLDER = Path(__file__).parent / "bundled"


def bundled_model() -> Path:
    """The Hugging Face folder of the bundled model: model.safetensors, config.json and its tokenizer.

    Raises:
        ParityError: this installation lacks it.
    """
    for name in ("config.json", "model.safetensors"):
        _require(_FOLDER / name)
    return _FOLDER


def bundled_prompts() -> Path:
    """The JSONL file of the default prompts.

    Raises:
        ParityError: this installation lacks it.
    """
    return _require(_FOLDER / "default_prompts.jsonl")


def _require(path: Path) -> Path:
    if not path.is_file():
        raise ParityError(f"{path}: missing from this installation", cure="install layer-parity again")
    return path
