"""Prompts to token ids, with the text of each token for people to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from parity.errors import ParityError
from parity.hooks.source import resolve_source
from parity.prompts import Message, Prompt
from parity.tokens import TokenBatch

__all__ = ["encode_prompts", "load_tokenizer"]

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_BYTE_OF_SYMBOL = {symbol: byte for byte, symbol in bytes_to_unicode().items()}


def load_tokenizer(source: str | Path) -> Any:
    """The tokenizer of `source`, a Hugging Face folder or a hub id, as transformers loads it.

    Raises:
        ParityError: there is no such model, or it has no tokenizer, or the tokenizer's files are damaged.
    """
    found = resolve_source(source, weights=False)
    # Without these files transformers makes an empty tokenizer that turns every text into nothing.
    if not any((found.folder / name).exists() for name in ("tokenizer.json", "vocab.json")):
        raise ParityError(
            f"{found.folder}: holds no tokenizer (tokenizer.json, or vocab.json with merges.txt)",
            cure="copy the tokenizer's files into it",
        )
    try:
        return AutoTokenizer.from_pretrained(found.folder)
    except Exception as error:  # transformers and tokenizers raise many kinds, all about these files
        raise ParityError(
            f"{found.folder}: its tokenizer can't be loaded ({type(error).__name__}: {error})",
            cure="copy or download the tokenizer's files again",
        ) from error


def encode_prompts(
    prompts: Sequence[Prompt], tokenizer: Any, *, chat_template: bool = False, max_positions: int | None = None
) -> TokenBatch:
    """Turn `prompts` into one batch, padded on the right.

    Args:
        prompts: texts and chats; a chat always goes through the tokenizer's chat template, up to the point where
            the assistant has to speak.
        tokenizer: as `load_tokenizer` gives it.
        chat_template: put plain texts through the template too, each as what a user says.
        max_positions: positions of the model; None for no limit.

    Returns:
        Ids, mask and positions of shape ``[batch, token]``, with the text of each token; bytes that are no text by
        themselves are shown as ``\\xc3``.

    Raises:
        ParityError: there is no prompt, one gives no token or more than `max_positions`, or the tokenizer lacks a
            chat template or refuses the chat.
    """
    if not prompts:
        raise ParityError("there are no prompts", cure="give at least one")
    rows = [
        _encode(prompt, tokenizer, chat_template=chat_template, number=n) for n, prompt in enumerate(prompts, start=1)
    ]
    for number, row in enumerate(rows, start=1):
        _check_length(len(row), number=number, of=len(rows), max_positions=max_positions)
    pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
    return TokenBatch.from_sequences(rows, pad_id=pad_id, pieces=[_pieces(row, tokenizer) for row in rows])


def _encode(prompt: Prompt, tokenizer: Any, *, chat_template: bool, number: int) -> list[int]:
    messages = prompt.messages
    if prompt.text is not None:
        if not chat_template:
            return list(tokenizer(prompt.text, verbose=False)["input_ids"])
        messages = (Message("user", prompt.text),)
    text = _render(messages, tokenizer, number=number)
    # The template has written the special tokens; the tokenizer must not add its own.
    return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def _render(messages: Sequence[Message], tokenizer: Any, *, number: int) -> str:
    if not tokenizer.chat_template:
        raise ParityError(f"prompt {number} needs a chat template, the tokenizer has none", cure="give plain texts")
    chat = [{"role": message.role, "content": message.content} for message in messages]
    try:
        rendered = tokenizer.apply_chat_template(
            chat, tokenize=False, add_generation_prompt=messages[-1].role != "assistant"
        )
    except Exception as error:  # a template is a program: jinja2 raises whatever it raises
        raise ParityError(
            f"prompt {number}: the chat template refuses it ({type(error).__name__}: {error})",
            cure="check roles and their order",
        ) from error
    return str(rendered)


def _check_length(length: int, *, number: int, of: int, max_positions: int | None) -> None:
    if length == 0:
        raise ParityError(f"prompt {number} of {of} gives no token", cure="remove or change it")
    if max_positions is not None and length > max_positions:
        raise ParityError(
            f"prompt {number} of {of} has {length} tokens, the model has {max_positions} positions", cure="shorten it"
        )


def _pieces(ids: Sequence[int], tokenizer: Any) -> list[str]:
    return [_piece(token_id, tokenizer) for token_id in ids]


def _piece(token_id: int, tokenizer: Any) -> str:
    text = str(tokenizer.decode([token_id], skip_special_tokens=False, clean_up_tokenization_spaces=False))
    if _REPLACEMENT not in text:
        return text
    symbols = str(tokenizer.convert_ids_to_tokens(token_id))
    if any(symbol not in _BYTE_OF_SYMBOL for symbol in symbols):
        return symbols  # no byte-level BPE: the token's own name is all there is
    return bytes(_BYTE_OF_SYMBOL[symbol] for symbol in symbols).decode("utf-8", errors="backslashreplace")
