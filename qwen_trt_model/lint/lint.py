"""Looking at a checkpoint beside the Hugging Face model that it should be, without running either."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from parity.finding import Finding
from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.checkpoint_files import CheckpointFiles, open_checkpoint_files
from qwen_trt_model.lint.comparable import is_comparable
from qwen_trt_model.lint.expected import expected_tensors, split_obstacles
from qwen_trt_model.lint.keys import KNOWN_KEYS
from qwen_trt_model.lint.merging import merged, worst_first
from qwen_trt_model.lint.open_source import open_source
from qwen_trt_model.lint.ranks import Parallelism, ranks_of, read_parallelism
from qwen_trt_model.lint.registry import RULES
from qwen_trt_model.lint.report import LintReport
from qwen_trt_model.lint.source import SourceModel

__all__ = ["lint", "preflight_checkpoint"]


def lint(hf_folder: Path, checkpoint: Path) -> LintReport:
    """Compare names, shapes, dtypes, values and constants of a checkpoint with the model that it was made from.

    Weights are mapped and compared block by block, so that neither side has to fit into memory. Reads every byte of
    both; needs neither PyTorch nor a GPU.

    Args:
        hf_folder: folder with config.json and safetensors files of a dense Qwen-1, Qwen2 or Qwen3.
        checkpoint: folder with config.json and rank0.safetensors …, in the format of TensorRT-LLM up to 1.2.

    Raises:
        ParityError: one side can't be read, or the Hugging Face folder is no model that is known here.
    """
    started = time.perf_counter()
    source, files = open_source(Path(hf_folder)), open_checkpoint_files(Path(checkpoint))
    case = _case(source, files)
    findings = worst_first(merged(finding for rule in RULES for finding in rule.find(case)))
    return LintReport(
        model=str(hf_folder),
        checkpoint=str(checkpoint),
        model_type=source.keys.model_type,
        ranks=len(files.ranks),
        tensors=files.size,
        compared=sum(is_comparable(case, pair) for pair in case.pairs()),
        keys=source.keys.read + sum(key in KNOWN_KEYS for key in files.config),
        findings=findings,
        seconds=round(time.perf_counter() - started, 3),
    )


def preflight_checkpoint(hf_folder: Path, checkpoint: Path) -> tuple[Finding, ...]:
    """The findings of `lint`, in the form in which a comparison lists what was found before any layer was judged.

    Raises:
        ParityError: as for `lint`.
    """
    return tuple(item.finding for item in lint(hf_folder, checkpoint).findings)


def _case(source: SourceModel, files: CheckpointFiles) -> LintCase:
    parallelism = _parallelism(files)
    if split_obstacles(source.network, parallelism):
        return LintCase(source, files, parallelism, ())
    ranks = ranks_of(parallelism, source.network.num_hidden_layers)
    expected = tuple(tensor for rank in ranks for tensor in expected_tensors(source.network, parallelism, rank))
    return LintCase(source, files, parallelism, expected)


def _parallelism(files: CheckpointFiles) -> Parallelism:
    """What config.json says, unless there are whole other numbers of files: then what fits them."""
    said, count = read_parallelism(files), len(files.ranks)
    complete = sorted(files.ranks) == list(range(count))
    if not complete or count == said.tensor * said.pipeline or count % said.pipeline:
        return said
    return replace(said, tensor=count // said.pipeline)
