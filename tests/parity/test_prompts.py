from __future__ import annotations

import json
from pathlib import Path

import pytest

from parity.errors import ParityError
from parity.prompts import Message, Prompt, read_prompts


def _write(folder: Path, content: str | bytes, *, name: str) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_text_file_holds_one_prompt_a_line(tmp_path: Path) -> None:
    path = _write(tmp_path, "first\n\n  second \r\nthird", name="prompts.txt")
    assert read_prompts(path) == (Prompt("first"), Prompt("  second "), Prompt("third"))


def test_text_is_taken_as_it_stands(tmp_path: Path) -> None:
    path = _write(tmp_path, '\ufeff{"text": "a\\n"}\x0cb\u2028c\n', name="prompts.txt")
    assert read_prompts(path) == (Prompt('{"text": "a\\n"}\x0cb\u2028c'),)


def test_jsonl_holds_texts_and_chats(tmp_path: Path) -> None:
    chat = {"messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi\nthere"}]}
    path = _write(tmp_path, json.dumps({"text": "é"}) + "\n\n" + json.dumps(chat) + "\n", name="prompts.jsonl")
    assert read_prompts(path) == (
        Prompt("é"),
        Prompt(messages=(Message("system", "be brief"), Message("user", "hi\nthere"))),
    )


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"text": "a"', "not JSON"),
        ('["a"]', "found list"),
        ('{"prompt": "a"}', r"found \['prompt'\]"),
        ('{"text": "a", "messages": []}', r"found \['messages', 'text'\]"),
        ('{"text": ""}', "'text' must be a text that is not empty, found ''"),
        ('{"text": 3}', "found 3"),
        ('{"messages": []}', "at least one"),
        ('{"messages": "hi"}', "must be a list"),
        ('{"messages": [{"role": "user"}]}', r"messages\[0\]: expected the keys 'role' and 'content'"),
        ('{"messages": ["hi"]}', r"messages\[0\].*found str"),
        ('{"messages": [{"role": "user", "content": null}]}', r"messages\[0\]: 'content'.*found None"),
    ],
)
def test_a_wrong_line_is_named_with_the_form_it_should_have(tmp_path: Path, line: str, found: str) -> None:
    path = _write(tmp_path, '{"text": "fine"}\n' + line + "\n", name="prompts.jsonl")
    with pytest.raises(ParityError, match=found) as caught:
        read_prompts(path)
    assert f"{path}:2:" in caught.value.problem
    assert '{"text": "…"}' in caught.value.cure


@pytest.mark.parametrize("content", ["", "\n \n\t\n"])
@pytest.mark.parametrize("name", ["prompts.txt", "prompts.jsonl"])
def test_a_file_without_prompts_is_refused(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(ParityError, match="holds no prompt"):
        read_prompts(_write(tmp_path, content, name=name))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match=r"absent\.txt: no such prompt file"):
        read_prompts(tmp_path / "absent.txt")


def test_a_folder_is_no_prompt_file(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="cannot be read"):
        read_prompts(tmp_path)


def test_bytes_that_are_not_utf_8_are_named_with_their_line(tmp_path: Path) -> None:
    path = _write(tmp_path, b"fine\nna\xefve\n", name="prompts.txt")
    with pytest.raises(ParityError, match=r"prompts\.txt:2: not UTF-8"):
        read_prompts(path)


@pytest.mark.parametrize("prompt", [{}, {"text": "a", "messages": (Message("user", "b"),)}])
def test_a_prompt_is_a_text_or_a_chat(prompt: dict[str, object]) -> None:
    with pytest.raises(ParityError, match="either a text or messages"):
        Prompt(**prompt)  # type: ignore[arg-type]
