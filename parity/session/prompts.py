"""From prompts to the one prefill that every side of a run gets."""

from __future__ import annotations

from pathlib import Path

from parity.dump import Dump
from parity.errors import ParityError
from parity.hooks import Checkpoint, encode_prompts, load_tokenizer
from parity.options import CHAT_TEMPLATE, PROMPTS, TOKENS
from parity.prompts import read_prompts
from parity.session.phases import phases_of
from parity.session.progress import Progress
from parity.session.request import InputRequest
from parity.tokens import Phase, TokenBatch

__all__ = ["PREFILL", "make_phases"]

PREFILL = "prefill"
"""Name of the phase in which every prompt is read at once."""


def make_phases(inputs: InputRequest, checkpoint: Checkpoint, *, progress: Progress) -> tuple[Phase, ...]:
    """The phases that `inputs` ask for.

    Args:
        inputs: tokens of a dump, or prompts for the tokenizer of `checkpoint`.
        checkpoint: the reference.
        progress: told where they come from, unless prompts were given.

    Raises:
        ParityError: no prompts, no tokenizer, or a prompt that is longer than the model's positions.
    """
    if inputs.tokens is not None:
        phases = _phases_of_dump(inputs, inputs.tokens)
        progress.note(f"using the tokens that {inputs.tokens} was recorded on")
        return phases
    with progress.step("reading the prompts"):
        tokens = (
            _default_tokens(inputs, checkpoint)
            if inputs.prompts is None
            else _encode(inputs, checkpoint, inputs.prompts)
        )
    if inputs.prompts is None:
        progress.note(
            f"no {PROMPTS.flag}: using the {len(tokens.lengths)} texts of the bundled model, in this model's tokens"
        )
    return (Phase(PREFILL, tokens),)


def _phases_of_dump(inputs: InputRequest, dump: Path) -> tuple[Phase, ...]:
    if inputs.prompts is not None or inputs.chat_template:
        raise ParityError(
            f"{TOKENS.flag} takes tokens as they are, so {PROMPTS.flag} and {CHAT_TEMPLATE.flag} say nothing",
            cure="leave one or the other out",
        )
    return phases_of(Dump.open(dump))


def _default_tokens(inputs: InputRequest, checkpoint: Checkpoint) -> TokenBatch:
    from qwen_trt_model import bundled_prompts

    try:
        return _encode(inputs, checkpoint, bundled_prompts())
    except ParityError as error:
        raise ParityError(
            f"the texts of the bundled model do not suit {checkpoint.label}: {error.problem}",
            cure=f"give prompts of your own with {PROMPTS.flag}",
        ) from error


def _encode(inputs: InputRequest, checkpoint: Checkpoint, file: Path) -> TokenBatch:
    return encode_prompts(
        read_prompts(file),
        load_tokenizer(checkpoint.folder),
        chat_template=inputs.chat_template,
        max_positions=checkpoint.max_positions,
    )
