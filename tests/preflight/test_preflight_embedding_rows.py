"""Did the candidate embed the tokens that its manifest names?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from preflight_sides import REFERENCE, Arrays, Sides

from parity.finding import Finding

TABLE = REFERENCE.weights.parameters("embed").weight
TOKENS = REFERENCE.tokens
Ids = npt.NDArray[np.int64]


def embedding(change: Callable[[Ids], Ids]) -> Sides:
    """A candidate that embeds other ids than it was given."""
    assert TABLE is not None

    def other(arrays: Arrays) -> Arrays:
        assert TABLE is not None
        return arrays | {"embed": TABLE[change(TOKENS.ids)].astype(arrays["embed"].dtype)}

    return Sides(candidate=other)


def only(findings: tuple[Finding, ...]) -> Finding:
    (finding,) = findings
    assert finding.check == "embedding_rows"
    return finding


def left_padded(ids: Ids) -> Ids:
    """The prompts at the end of their rows, as they lie in a right-padded dump."""
    return np.stack([np.roll(row, row.size - length) for row, length in zip(ids, TOKENS.lengths, strict=True)])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda ids: np.roll(ids, 1, axis=1), "each token has the row of the token 1 place earlier"),
        (lambda ids: np.roll(ids, -2, axis=1), "each token has the row of the token 2 places later"),
        (left_padded, "pads on the left and the reference on the right"),
        (lambda ids: ids[[1, 0, 2]], "prompt 0 has the rows of prompt 1, prompt 1 has the rows of prompt 0"),
        (lambda ids: np.where(ids == ids[0, 3], ids[0, 5], ids), f"has the row of id {TOKENS.ids[0, 5]}"),
        (lambda ids: (ids + 1) % 80, "tokens have another row"),
    ],
)
def test_other_tokens_are_an_error_that_says_which(change: Callable[[Ids], Ids], words: str, tmp_path: Path) -> None:
    finding = only(embedding(change).findings(tmp_path))
    assert finding.severity == "error"
    assert finding.sentence.startswith("the candidate embedded other tokens")
    assert words in finding.sentence


def test_some_rows_of_nobody_are_a_warning(tmp_path: Path) -> None:
    def some(arrays: Arrays) -> Arrays:
        embed = arrays["embed"].copy()
        embed[0, 5:9] = np.random.default_rng(77).normal(0, 0.02, embed[0, 5:9].shape)
        return arrays | {"embed": embed}

    finding = only(Sides(candidate=some).findings(tmp_path))
    assert finding.severity == "warning"
    assert finding.sentence.startswith("4 of 60 tokens have a row that is not theirs")


@pytest.mark.parametrize(
    "change",
    [
        lambda embed: embed * np.float16(8),
        lambda embed: (np.round(embed * 400) / 400).astype(embed.dtype),
        lambda embed: np.where(np.arange(24)[None, :, None] % 5 == 0, 0, embed).astype(embed.dtype),
        lambda embed: np.random.default_rng(77).normal(0, 0.02, embed.shape).astype(embed.dtype),
        lambda embed: embed[..., ::-1],
    ],
    ids=["scaled", "quantised", "zero rows", "another table", "channels permuted"],
)
def test_a_fault_of_the_table_is_left_to_the_layers(change: Callable[[Ids], Ids], tmp_path: Path) -> None:
    sides = Sides(candidate=lambda arrays: arrays | {"embed": np.ascontiguousarray(change(arrays["embed"]))})
    assert sides.findings(tmp_path) == ()
