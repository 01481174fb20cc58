"""A random model of a real shape as a Hugging Face folder, for checks that need no trained weights.

    python3 -m benchmarks.tensorrt.make_model --shape 7b --out models/random-7b --device cuda

`random_weights` says what is planted into it, and why. There is no tokenizer: give prompts as `make_tokens` makes them.
A folder that is there already is kept if it was made by the same options.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from benchmarks.tensorrt.entry import enter
from benchmarks.tensorrt.random_weights import SHAPES, ModelShape, RandomWeights, Tensors

__all__ = ["make_model"]

_SHARD_BYTES = 2**30
_WRITERS = 4
_NOTE = "made_by.json"


def main() -> None:
    """Make the model that the options name."""
    options = _options()
    shape = SHAPES[options.shape]
    shape = replace(shape, layers=options.layers or shape.layers, vocabulary=options.vocabulary or shape.vocabulary)
    shape = replace(shape, first_token=min(shape.first_token, shape.vocabulary - 1))
    started = time.perf_counter()
    made = make_model(shape, options.out, dtype=options.dtype, seed=options.seed, device=options.device)
    nbytes = sum(file.stat().st_size for file in options.out.glob("*.safetensors"))
    what = "written" if made else "kept"
    print(f"{what}: {options.out}, {nbytes / 1e9:.2f} GB, {time.perf_counter() - started:.1f} s")


def make_model(shape: ModelShape, out: Path, *, dtype: str, seed: int, device: str) -> bool:
    """Write config.json, model-*.safetensors and their index; config.json last, so that a folder with it is whole.

    Args:
        shape: sizes.
        out: folder.
        dtype: what to store, as torch names it: ``float16``, ``bfloat16`` or ``float32``.
        seed: of all numbers.
        device: where to draw them; a CPU and a GPU draw different ones.

    Returns:
        Whether it was made; False where `out` holds what would have been made.
    """
    note = {"shape": shape.__dict__, "dtype": dtype, "seed": seed, "device": device.partition(":")[0]}
    if (out / "config.json").is_file() and json.loads((out / _NOTE).read_text(encoding="utf-8")) == note:
        return False
    out.mkdir(parents=True, exist_ok=True)
    for stale in (out / "config.json", *out.glob("*.safetensors")):
        stale.unlink(missing_ok=True)
    parts = RandomWeights(shape, seed=seed, device=device).parts()
    _write_shards(_shards(parts, getattr(torch, dtype)), out)
    (out / _NOTE).write_text(json.dumps(note), encoding="utf-8")
    (out / "config.json").write_text(json.dumps(_config(shape, dtype), indent=2), encoding="utf-8")
    return True


def _shards(parts: Iterable[Tensors], dtype: torch.dtype) -> Iterator[Tensors]:
    """Tensors in host memory, in groups of about one gibibyte."""
    shard: Tensors = {}
    for part in parts:
        shard |= {name: tensor.to(dtype).cpu().contiguous() for name, tensor in part.items()}
        if sum(tensor.nbytes for tensor in shard.values()) >= _SHARD_BYTES:
            yield shard
            shard = {}
    if shard:
        yield shard


def _write_shards(shards: Iterable[Tensors], out: Path) -> None:
    """Write while the next shard is drawn; the disk is the slower part."""
    places: dict[str, str] = {}
    nbytes = 0
    with ThreadPoolExecutor(_WRITERS) as pool:
        writes = []
        for number, shard in enumerate(shards, 1):
            file = f"model-{number:05d}.safetensors"
            places |= dict.fromkeys(shard, file)
            nbytes += sum(tensor.nbytes for tensor in shard.values())
            writes.append(pool.submit(save_file, shard, out / file, metadata={"format": "pt"}))
        for write in writes:
            write.result()
    index = {"metadata": {"total_size": nbytes}, "weight_map": places}
    (out / "model.safetensors.index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")


def _config(shape: ModelShape, dtype: str) -> dict[str, Any]:
    return {
        "architectures": ["Qwen2ForCausalLM"],
        "attention_dropout": 0.0,
        "bos_token_id": shape.first_token,
        "dtype": dtype,
        "eos_token_id": shape.first_token,
        "hidden_act": "silu",
        "hidden_size": shape.hidden,
        "initializer_range": 0.02,
        "intermediate_size": shape.intermediate,
        "max_position_embeddings": shape.positions,
        "max_window_layers": shape.layers,
        "model_type": "qwen2",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.kv_heads,
        "rms_norm_eps": shape.epsilon,
        "rope_parameters": {"rope_theta": shape.rope_theta, "rope_type": "default"},
        "sliding_window": None,
        "tie_word_embeddings": shape.tied,
        "use_cache": True,
        "use_sliding_window": False,
        "vocab_size": shape.vocabulary,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--layers", type=int, help="fewer than the shape has")
    parser.add_argument("--vocabulary", type=int, help="another than the shape has")
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument("--dtype", choices=("float16", "bfloat16", "float32"), default="float16")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


if __name__ == "__main__":
    enter(main)
