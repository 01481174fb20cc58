from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers.processors import TemplateProcessing

from parity.errors import ParityError
from parity.hooks import encode_prompts, load_tokenizer
from parity.prompts import Message, Prompt


@pytest.fixture(scope="module")
def tokenizer(tiny_qwen2_dir: Path) -> Any:
    return load_tokenizer(tiny_qwen2_dir)


def test_texts_are_padded_on_the_right_and_keep_their_pieces(tokenizer: Any) -> None:
    batch = encode_prompts([Prompt("print(line)"), Prompt("é")], tokenizer)
    assert batch.lengths == (len(batch.pieces[0]), 2)
    assert "".join(batch.pieces[0]) == "print(line)"
    assert batch.ids[0].tolist() == tokenizer("print(line)")["input_ids"]
    assert batch.mask[1].tolist() == [True, True] + [False] * (batch.ids.shape[1] - 2)
    assert (batch.ids[1, 2:] == tokenizer.pad_token_id).all()
    np.testing.assert_array_equal(batch.positions[1, :2], [0, 1])


def test_bytes_that_are_no_text_by_themselves_are_shown_as_bytes(tokenizer: Any) -> None:
    batch = encode_prompts([Prompt("é")], tokenizer)
    assert batch.pieces == (("\\xc3", "\\xa9"),)


def test_texts_go_through_the_chat_template_on_request(tokenizer: Any) -> None:
    (pieces,) = encode_prompts([Prompt("hi")], tokenizer, chat_template=True).pieces
    assert "".join(pieces) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    assert pieces[0] == "<|im_start|>"


@pytest.mark.parametrize("chat_template", [False, True])
def test_chats_always_go_through_the_template(tokenizer: Any, chat_template: bool) -> None:
    chat = Prompt(messages=(Message("system", "be brief"), Message("user", "hi")))
    (pieces,) = encode_prompts([chat], tokenizer, chat_template=chat_template).pieces
    expected = "<|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    assert "".join(pieces) == expected


def test_what_a_tokenizer_puts_before_texts_is_not_put_before_what_the_template_wrote(tiny_qwen2_dir: Path) -> None:
    starting = load_tokenizer(tiny_qwen2_dir)
    starting.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)]
    )
    text, chat = encode_prompts([Prompt("x"), Prompt(messages=(Message("user", "hi"),))], starting).pieces
    assert text == ("<|endoftext|>", "x")
    assert chat[0] == "<|im_start|>"


def test_a_chat_that_ends_with_the_assistant_is_not_continued(tokenizer: Any) -> None:
    chat = Prompt(messages=(Message("user", "hi"), Message("assistant", "hello")))
    (pieces,) = encode_prompts([chat], tokenizer).pieces
    assert "".join(pieces).endswith("<|im_start|>assistant\nhello<|im_end|>\n")


def test_a_prompt_longer_than_the_positions_is_named_with_both_numbers(tokenizer: Any) -> None:
    prompts = [Prompt("x"), Prompt("1 2 3 4")]
    assert encode_prompts(prompts, tokenizer, max_positions=7).lengths == (1, 7)
    with pytest.raises(ParityError, match="prompt 2 of 2 has 7 tokens, the model has 6 positions"):
        encode_prompts(prompts, tokenizer, max_positions=6)


def test_a_prompt_that_gives_no_token_is_refused(tokenizer: Any) -> None:
    with pytest.raises(ParityError, match="prompt 2 of 2 gives no token"):
        encode_prompts([Prompt("x"), Prompt("")], tokenizer)


def test_no_prompt_at_all_is_refused(tokenizer: Any) -> None:
    with pytest.raises(ParityError, match="there are no prompts"):
        encode_prompts([], tokenizer)


def test_a_chat_needs_a_template(tiny_qwen2_dir: Path) -> None:
    plain = load_tokenizer(tiny_qwen2_dir)
    plain.chat_template = None
    with pytest.raises(ParityError, match="prompt 1 needs a chat template"):
        encode_prompts([Prompt("hi")], plain, chat_template=True)


def test_what_a_template_refuses_is_said_in_its_words(tiny_qwen2_dir: Path) -> None:
    strict = load_tokenizer(tiny_qwen2_dir)
    strict.chat_template = "{{ raise_exception('roles must alternate') }}"
    with pytest.raises(ParityError, match=r"prompt 1: the chat template refuses it .*roles must alternate"):
        encode_prompts([Prompt("hi")], strict, chat_template=True)


def test_trap_a_folder_without_tokenizer_is_refused_and_not_made_an_empty_one(
    tiny_qwen2_dir: Path, tmp_path: Path
) -> None:
    shutil.copy(tiny_qwen2_dir / "config.json", tmp_path)
    with pytest.raises(ParityError, match="holds no tokenizer"):
        load_tokenizer(tmp_path)


def test_a_damaged_tokenizer_is_named(tiny_qwen2_dir: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_qwen2_dir, tmp_path / "copy"))
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ParityError, match="copy: its tokenizer can't be loaded"):
        load_tokenizer(folder)


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(ParityError, match=r"\./absent: no such folder"):
        load_tokenizer("./absent")
