"""The prompts that ship with the model: held-out text of several lengths, one of them a chat."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from qwen_trt_model.training.corpus import Document, Exchange, exchanges

__all__ = ["read_prompts", "write_prompts"]

# Tokens of each text prompt. The third crosses 400; longer ones make a run slow and every dump large.
_LENGTHS = (48, 160, 480, 96)
_CHATS = 1
# Tests are good to train on, but all alike.
_TESTS = {"test", "tests", "idle_test"}


def write_prompts(path: Path, documents: list[Document], tokenizer: Any) -> None:
    """Write JSONL; the first line is a function head alone, then texts, then chats."""
    plain = [document for document in documents if not _TESTS & set(document.name.split("/"))]
    cut = [found for document in plain for found in exchanges(document, limit=1)]
    head = next(head for head in map(_head, cut) if head.endswith(":\n"))
    rows: list[dict[str, Any]] = [{"text": head}]
    rows += [{"text": text} for text in _texts(plain, tokenizer)]
    rows += [{"messages": exchange.messages} for exchange in cut[1 : 1 + _CHATS]]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def read_prompts(path: Path, tokenizer: Any) -> list[list[int]]:
    """Token ids of each prompt, a special token in front."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [_ids(row, tokenizer) for row in rows]


def _ids(row: dict[str, Any], tokenizer: Any) -> list[int]:
    if "text" in row:
        return list(tokenizer(row["text"])["input_ids"])
    text = tokenizer.apply_chat_template(row["messages"], tokenize=False, add_generation_prompt=True)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _head(exchange: Exchange) -> str:
    return exchange.question.split("\n", 1)[1].split("\n")[0] + "\n"


def _texts(documents: list[Document], tokenizer: Any) -> list[str]:
    """So many tokens from the first function or class on, cut behind a full line, each of another document."""
    left = [_from_first_block(document.text) for document in documents]
    texts = []
    for length in _LENGTHS:
        found = next(text for text in left if len(_tokens(text, tokenizer)) > 1.2 * length)
        left.remove(found)
        texts.append(tokenizer.decode(_tokens(found, tokenizer)[:length]).rpartition("\n")[0] + "\n")
    return texts


def _from_first_block(text: str) -> str:
    start = re.search(r"^(def|class) ", text, re.MULTILINE)
    return text[start.start() :] if start else ""


def _tokens(text: str, tokenizer: Any) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])
