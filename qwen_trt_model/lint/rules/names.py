"""Names: tensors that are missing, that nobody reads, or that carry a name of Hugging Face or of an old release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from parity.digest import StoredTensor
from qwen_trt_model.lint.case import LintCase, named
from qwen_trt_model.lint.expected import ExpectedTensor
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.quantised.format import is_scale_name
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import FLOATS, map_stored
from qwen_trt_model.lint.values import Wanted, as_matrix
from qwen_trt_model.tensors import LM_HEAD

__all__ = ["NAMES"]

_SAMPLED = 4


def _find(case: LintCase) -> Iterator[LintFinding]:
    for rank, stored in case.files.ranks.items():
        expected = {tensor.name: tensor for tensor in case.expected if tensor.rank.index == rank}
        if expected:
            yield from _compare(case, rank, expected, stored)


def _compare(
    case: LintCase, rank: int, expected: Mapping[str, ExpectedTensor], stored: Mapping[str, StoredTensor]
) -> Iterator[LintFinding]:
    several = len(case.files.ranks) > 1
    missing = {name: tensor for name, tensor in expected.items() if name not in stored}
    extra = {
        name: tensor for name, tensor in stored.items() if name not in expected and not is_scale_name(name, case.files)
    }
    for name, tensor in list(missing.items()):
        other = next((other for other, found in extra.items() if _holds(case, tensor, found)), None)
        if other is not None:
            subject, cure = named(rank, other, several=several), f"rename it to {name}"
            yield LintFinding("misnamed", "error", subject, name, f"its values under the name {other}", cure)
            del missing[name], extra[other]
    for name, tensor in missing.items():
        yield _missing(case, tensor, named(rank, name, several=several))
    for name in extra:
        yield _extra(named(rank, name, several=several), name)


def _holds(case: LintCase, tensor: ExpectedTensor, stored: StoredTensor) -> bool:
    """Whether a few rows of `stored` are those that `tensor` should have."""
    if stored.shape != tensor.shape or stored.dtype not in FLOATS:
        return False
    found = as_matrix(map_stored(stored))
    wanted = Wanted(case.source, tensor.pieces, found.dtype, tensor.padding)
    rows = [int(row) for row in np.unique(np.linspace(0, found.shape[0] - 1, _SAMPLED).astype(np.intp))]
    return np.array_equal(wanted.at(rows), found[rows])


def _missing(case: LintCase, tensor: ExpectedTensor, subject: str) -> LintFinding:
    sources = ", ".join(str(case.source.rows(piece.part)) for piece in tensor.pieces)
    if tensor.name == LM_HEAD and case.source.network.tie_word_embeddings:
        return LintFinding(
            "tied_head_missing",
            "warning",
            subject,
            f"{sources} once more: the head is tied",
            "nothing; releases that don't share the table leave the head uninitialised",
            "store the embedding under this name too",
        )
    check = "bias_missing" if tensor.name.endswith(".bias") else "missing"
    return LintFinding(check, "error", subject, sources, "nothing", "convert again, or copy the tensor")


def _extra(subject: str, name: str) -> LintFinding:
    check = "bias_extra" if name.endswith(".bias") else "extra"
    severity = "error" if check == "bias_extra" else "warning"
    cure = "remove it: TensorRT-LLM ignores it, or adds a bias that the model does not have"
    return LintFinding(check, severity, subject, "no such tensor", "one that the model does not have", cure)


NAMES = Rule("names", _find)
