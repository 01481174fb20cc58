"""The model's own byte-level BPE, with Qwen's split pattern and ChatML's template."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qwen_trt_model.training.settings import END_OF_TEXT, IM_END, SPECIAL_TOKENS

__all__ = ["stop_tokens", "train_tokenizer"]

# Qwen2's pattern: words take one leading character, digits stand alone, runs of spaces stay whole.
_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def train_tokenizer(texts: Iterable[str], vocabulary: int, positions: int) -> Any:
    """Train a tokenizer that puts `<|endoftext|>` in front of plain text."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=_train_bpe(texts, vocabulary),
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        additional_special_tokens=list(SPECIAL_TOKENS[1:]),
        chat_template=_CHATML,
        model_max_length=positions,
        clean_up_tokenization_spaces=False,
    )


def stop_tokens(tokenizer: Any) -> list[int]:
    """The tokens that end a text or an answer."""
    return [tokenizer.convert_tokens_to_ids(token) for token in (END_OF_TEXT, IM_END)]


def _train_bpe(texts: Iterable[str], vocabulary: int) -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    bpe = Tokenizer(models.BPE())
    # AutoTokenizer makes a Qwen2Tokenizer of this and adds NFC; without it here the two would differ.
    bpe.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(_PATTERN), behavior="isolated")
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([split, to_bytes])
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    bpe.post_processor = processors.TemplateProcessing(
        single=f"{END_OF_TEXT} $A",
        pair=f"{END_OF_TEXT} $A {END_OF_TEXT} $B",
        special_tokens=[(END_OF_TEXT, bpe.token_to_id(END_OF_TEXT))],
    )
    return bpe
