"""The PyTorch side: Hugging Face models observed with forward hooks."""

from __future__ import annotations

from parity.hooks.requirements import require_libraries

require_libraries()  # before the modules that import them, so that a missing one is said in one line

from parity.hooks.checkpoint import Checkpoint, open_checkpoint  # noqa: E402
from parity.hooks.families import SUPPORTED_FAMILIES, Family, Site  # noqa: E402
from parity.hooks.source import ModelSource, resolve_source  # noqa: E402
from parity.hooks.tokenizer import encode_prompts, load_tokenizer  # noqa: E402
from parity.hooks.transformers_runner import TransformersRunner  # noqa: E402

__all__ = [
    "SUPPORTED_FAMILIES",
    "Checkpoint",
    "Family",
    "ModelSource",
    "Site",
    "TransformersRunner",
    "encode_prompts",
    "load_tokenizer",
    "open_checkpoint",
    "resolve_source",
]
