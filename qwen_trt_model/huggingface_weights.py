"""The weights of a Hugging Face folder, checked against its config.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from parity.digest import StoredTensor, stored_tensors
from parity.errors import ParityError
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.storage import map_tensor, numpy_dtype
from qwen_trt_model.tensors import check_tensors, checkpoint_tensors

__all__ = ["HuggingFaceWeights", "open_huggingface_weights"]

_HEAD, _EMBEDDING = "lm_head.weight", "model.embed_tokens.weight"


@dataclass(frozen=True)
class HuggingFaceWeights:
    """Where every tensor of the model lies.

    Attributes:
        folder: the Hugging Face folder.
        tensors: by their Hugging Face names; exactly those that the configuration demands.
    """

    folder: Path
    tensors: Mapping[str, StoredTensor]

    @property
    def dtype(self) -> str:
        """numpy's name of the dtype, several joined by ``+`` where the checkpoint mixes them."""
        return "+".join(sorted({str(numpy_dtype(tensor)) for tensor in self.tensors.values()}))


def open_huggingface_weights(folder: Path, config: QwenConfig) -> HuggingFaceWeights:
    """Find the tensors of `folder` in its safetensors file or shards.

    Raises:
        ParityError: a file is missing or truncated; a tensor is missing, extra or misshaped (all are listed); a tied
            model stores a head that is not its embedding.
    """
    found = {tensor.name: tensor for tensor in stored_tensors(folder)}
    if config.tie_word_embeddings and _HEAD in found:
        _refuse_other_head(found)
        del found[_HEAD]
    expected = {part.name: part.shape for tensor in checkpoint_tensors(config) for part in tensor.parts}
    check_tensors({name: tensor.shape for name, tensor in found.items()}, expected, at=str(folder))
    return HuggingFaceWeights(folder, found)


def _refuse_other_head(found: Mapping[str, StoredTensor]) -> None:
    """Tied and stored all the same: fine where both are equal, contradictory where they are not."""
    head, embedding = found[_HEAD], found.get(_EMBEDDING)
    if embedding is None or not np.array_equal(map_tensor(head), map_tensor(embedding)):
        raise ParityError(
            f"{head.file}: config.json has tie_word_embeddings = true, but {_HEAD} differs from {_EMBEDDING}",
            cure="set tie_word_embeddings to false if the stored head is the real one, or remove it if it is not",
        )
