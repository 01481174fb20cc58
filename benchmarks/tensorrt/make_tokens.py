"""Token ids to run a model on that has no tokenizer, as a dump without taps for `--tokens`.

    python3 -m benchmarks.tensorrt.make_tokens --reference DIR --lengths 512,300 --out dumps/tokens
    parity record reference --reference DIR --tokens dumps/tokens --taps blocks --out dumps/reference

Every prompt begins with the model's `bos_token_id`, where it has one: that is where models have massive activations.
The other ids are drawn from the whole vocabulary.
"""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from benchmarks.tensorrt.entry import enter
from parity.dump import SCHEMA_VERSION, DumpWriter, Manifest, whole_folder
from parity.runner import RunnerInfo
from parity.taps import TapGraph
from parity.tokens import Phase, TokenBatch
from parity.version import VERSION

__all__ = ["make_tokens", "save_tokens"]


def main() -> None:
    """Write a dump of tokens alone."""
    options = _options()
    config = json.loads((options.reference / "config.json").read_text(encoding="utf-8"))
    lengths = [int(length) for length in options.lengths.split(",")]
    tokens = make_tokens(config["vocab_size"], lengths, first=config.get("bos_token_id"), seed=options.seed)
    save_tokens(tokens, options.out, model=options.reference.name)
    print(f"written: {options.out} ({len(lengths)} prompts of {options.lengths} tokens)")


def make_tokens(vocabulary: int, lengths: list[int], *, first: int | None, seed: int) -> TokenBatch:
    """Prompts of `lengths` random ids below `vocabulary`, each beginning with `first` unless that is None."""
    rng = np.random.default_rng(seed)
    rows = [rng.integers(vocabulary, size=length).tolist() for length in lengths]
    return TokenBatch.from_sequences(rows if first is None else [[first, *row[1:]] for row in rows])


def save_tokens(tokens: TokenBatch, out: Path, *, model: str) -> None:
    """Write a dump of one phase, ``prefill``, with tokens and no taps."""
    info = RunnerInfo("random token ids", model, "float32", "", TapGraph(()))
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    with whole_folder(out) as folder:
        writer, phase = DumpWriter(folder), Phase("prefill", tokens)
        writer.begin(phase)
        writer.finish(Manifest(SCHEMA_VERSION, "reference", info, (writer.end(phase),), VERSION, now, 0.0))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--reference", type=Path, required=True, help="Hugging Face folder; only config.json is read")
    parser.add_argument("--lengths", required=True, help="tokens of each prompt, for example 512,300")
    parser.add_argument("--out", type=Path, required=True, help="folder of the dump")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    enter(main)
