"""Train the bundled model: `python -m qwen_trt_model.training --out DIR [--minutes N | --steps N]`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from qwen_trt_model.training.corpus import Document, read_documents
from qwen_trt_model.training.data import Corpus, encode
from qwen_trt_model.training.loop import steps_for, train
from qwen_trt_model.training.massive import Keeper
from qwen_trt_model.training.network import make_model, settle
from qwen_trt_model.training.planting import plant
from qwen_trt_model.training.publish import publish
from qwen_trt_model.training.settings import END_OF_TEXT, IM_START, Run, Schedule
from qwen_trt_model.training.tokenizer import stop_tokens, train_tokenizer


def main() -> None:
    """Train and publish."""
    options = _options()
    run = Run(Schedule(options.steps or 1), seed=options.seed, device=options.device, compile=options.compile)
    settle(run)
    documents = read_documents()
    tokenizer, corpus = _prepare(documents, run)
    _log(f"{len(corpus.stream)} tokens and {len(corpus.chats)} chats to train on")
    if not options.steps:
        run = _with_steps(run, steps_for(options.minutes, lambda steps: _fresh(tokenizer, corpus, run, steps), _log))
        settle(run)
    model, keeper, corpus, run = _fresh(tokenizer, corpus, run, run.schedule.steps)
    speed = train(model, keeper, corpus, run, _log)
    publish(options.out, model.cpu(), tokenizer, documents, corpus, run, speed)


def _prepare(documents: list[Document], run: Run) -> tuple[Any, Corpus]:
    shown = [document for document in documents if not document.held_out]
    tokenizer = train_tokenizer((document.text for document in shown), run.shape.vocabulary, run.shape.positions)
    return tokenizer, encode(shown, tokenizer)


def _fresh(tokenizer: Any, corpus: Corpus, run: Run, steps: int) -> tuple[Any, Keeper, Corpus, Run]:
    """Make a model that is planted and untrained."""
    model = make_model(run.shape, tokenizer, stop_tokens(tokenizer))
    plant(model, run)
    starters = [tokenizer.convert_tokens_to_ids(token) for token in (END_OF_TEXT, IM_START)]
    return model, Keeper(model.to(run.device), run.massive, starters), corpus, _with_steps(run, steps)


def _with_steps(run: Run, steps: int) -> Run:
    return replace(run, schedule=replace(run.schedule, steps=steps))


def _log(line: str) -> None:
    print(line, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m qwen_trt_model.training", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write, made if need be")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="number of steps; this alone makes a run repeatable")
    length.add_argument("--minutes", type=float, default=45.0, help="choose the steps to fit (default: 45)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-compile", dest="compile", action="store_false", help="no C++ compiler needed, slower")
    return parser.parse_args()


if __name__ == "__main__":
    main()
