"""Token streams and batches. Every sequence begins with a special token: `<|endoftext|>` or `<|im_start|>`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qwen_trt_model.training.corpus import Document, Exchange, exchanges
from qwen_trt_model.training.settings import END_OF_TEXT, Schedule

__all__ = ["Corpus", "Tokens", "batches", "encode", "plain_windows"]

Tokens = NDArray[np.int64]


@dataclass(frozen=True)
class Corpus:
    """`stream` is all documents, each behind an `<|endoftext|>`; `chats` holds one array per exchange."""

    stream: Tokens
    chats: tuple[Tokens, ...]
    end_of_text: int

    def counts(self, vocabulary: int) -> Tokens:
        """How often each token of the vocabulary occurs in the stream, [vocabulary]."""
        return np.bincount(self.stream, minlength=vocabulary)


def encode(documents: Iterable[Document], tokenizer: Any) -> Corpus:
    """Tokenise documents, and the functions in them as chats."""
    documents = list(documents)
    texts = tokenizer([document.text for document in documents])["input_ids"]
    talks = [_render(exchange, tokenizer) for document in documents for exchange in exchanges(document)]
    chats = tokenizer(talks, add_special_tokens=False)["input_ids"]
    return Corpus(
        stream=np.concatenate([np.asarray(text, np.int64) for text in texts]),
        chats=tuple(np.asarray(chat, np.int64) for chat in chats),
        end_of_text=tokenizer.convert_tokens_to_ids(END_OF_TEXT),
    )


def batches(corpus: Corpus, schedule: Schedule, seed: int) -> Iterator[Tokens]:
    """Yield one batch per step, [batch_tokens / length, length]; the last steps are of the long length."""
    draw = np.random.default_rng(seed)
    long_steps = round(schedule.steps * schedule.long_share)
    for steps, length in ((schedule.steps - long_steps, schedule.length), (long_steps, schedule.long_length)):
        windows = _windows(corpus, length, draw)
        for _ in range(steps):
            rows = (
                _row(corpus, windows, length, schedule.chat_share, draw) for _ in range(schedule.batch_tokens // length)
            )
            yield np.stack(list(rows))


def plain_windows(corpus: Corpus, length: int, count: int) -> Tokens:
    """Cut `count` evenly spaced windows out of the stream, [count, length], `<|endoftext|>` in front of each."""
    starts = np.linspace(0, len(corpus.stream) - length, count).astype(np.int64)
    return np.stack([_window(corpus, int(start), length) for start in starts])


def _row(
    corpus: Corpus, windows: Iterator[Tokens], length: int, chat_share: float, draw: np.random.Generator
) -> Tokens:
    return _chat_row(corpus, length, draw) if draw.random() < chat_share else next(windows)


def _windows(corpus: Corpus, length: int, draw: np.random.Generator) -> Iterator[Tokens]:
    """Walk through the stream in random order, again and again, cut elsewhere each time."""
    while True:
        starts = np.arange(draw.integers(length), len(corpus.stream) - length, length - 1)
        for start in draw.permutation(starts):
            yield _window(corpus, int(start), length)


def _window(corpus: Corpus, start: int, length: int) -> Tokens:
    return np.concatenate([[corpus.end_of_text], corpus.stream[start : start + length - 1]])


def _chat_row(corpus: Corpus, length: int, draw: np.random.Generator) -> Tokens:
    parts: list[Tokens] = []
    while sum(map(len, parts)) < length:
        parts.append(corpus.chats[draw.integers(len(corpus.chats))])
    return np.concatenate(parts)[:length]


def _render(exchange: Exchange, tokenizer: Any) -> str:
    answer = {"role": "assistant", "content": exchange.answer}
    return str(tokenizer.apply_chat_template([*exchange.messages, answer], tokenize=False))
