"""The files of the ranks: as many as ``mapping`` says, for a model that can be cut like that."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.expected import split_obstacles
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.ranks import read_parallelism
from qwen_trt_model.lint.rule import Rule

__all__ = ["RANK_FILES"]

_SUBJECT = "config.json: mapping"


def _find(case: LintCase) -> Iterator[LintFinding]:
    said = read_parallelism(case.files)
    sizes = f"tp_size {said.tensor}, pp_size {said.pipeline}, cp_size {said.context}"
    if said.world != said.tensor * said.pipeline * said.context:
        cure = "set world_size to the product of the three sizes"
        product = str(said.tensor * said.pipeline * said.context)
        yield LintFinding("mapping", "error", f"{_SUBJECT}.world_size", f"{product}: {sizes}", str(said.world), cure)
    wanted, found = set(range(said.tensor * said.pipeline)), set(case.files.ranks)
    if wanted != found:
        cure = "copy every rank's file, or convert again with the same --tp_size and --pp_size"
        yield LintFinding("rank_files", "error", _SUBJECT, f"{_listed(wanted)} for {sizes}", _listed(found), cure)
    for obstacle in split_obstacles(case.source.network, case.parallelism):
        cure = "convert for another number of ranks"
        yield LintFinding("rank_split", "error", _SUBJECT, "a model that can be cut like that", obstacle, cure)


def _listed(ranks: set[int]) -> str:
    if not ranks:
        return "no file"
    numbers = sorted(ranks)
    if numbers == list(range(len(numbers))) and len(numbers) > 2:
        return f"rank0 to rank{numbers[-1]}.safetensors"
    return ", ".join(f"rank{number}.safetensors" for number in numbers)


RANK_FILES = Rule("rank_files", _find)
