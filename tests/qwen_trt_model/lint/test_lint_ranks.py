"""Checkpoints of several ranks, cut by other rules than TensorRT-LLM's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lint_samples import Array, Sample, at, converted, only, split
from plain_models import huggingface_config, save_model

QKV, DENSE, FC, PROJ = "attention.qkv.weight", "attention.dense.weight", "mlp.fc.weight", "mlp.proj.weight"


def test_the_same_file_for_every_rank(qwen2: Sample, tmp_path: Path) -> None:
    sample = split(qwen2, tensor=2)
    report = Sample(sample.model, sample.config, {0: sample.ranks[0], 1: sample.ranks[0]}).lint(tmp_path)
    assert "ranks_identical" in {finding.check for finding in report.findings}
    others = [finding for finding in report.findings if finding.check != "ranks_identical"]
    assert {finding.found for finding in others if QKV in finding.subject} == {"the rows of tensor-parallel rank 0"}
    assert all(finding.subject.startswith("rank1: ") for finding in others)


def test_ranks_exchanged(qwen2: Sample, tmp_path: Path) -> None:
    sample = split(qwen2, tensor=2)
    report = Sample(sample.model, sample.config, {0: sample.ranks[1], 1: sample.ranks[0]}).lint(tmp_path)
    assert {finding.check for finding in report.findings} == {"another_rank"}


def test_a_fused_tensor_that_was_cut_as_one_block(qwen2: Sample, tmp_path: Path) -> None:
    sample = split(qwen2, tensor=2)
    for rank in range(2):
        blocks = {at(layer, QKV): np.split(qwen2.weights[at(layer, QKV)], 2)[rank] for layer in range(3)}
        sample = sample.with_tensors(blocks, rank=rank)
    finding = only(sample.lint(tmp_path))
    assert finding.check == "cut_as_one"
    assert finding.subject == "rank{0-1}: transformer.layers.{0-2}.attention.qkv.weight"
    assert finding.places == 6


def test_heads_that_were_dealt_out_in_turn(qwen2: Sample, tmp_path: Path) -> None:
    def dealt(array: Array, rank: int) -> Array:
        q, k, v = np.split(array, [32, 48])
        heads = [part.reshape(-1, 8, 32)[rank::2].reshape(-1, 32) for part in (q, k, v)]
        return np.concatenate(heads)

    sample = split(qwen2, tensor=2)
    changes = {at(0, QKV): dealt(qwen2.weights[at(0, QKV)], 1)}
    finding = only(sample.with_tensors(changes, rank=1).lint(tmp_path))
    assert (finding.check, finding.subject) == ("heads_dealt_out", f"rank1: {at(0, QKV)}")


def test_the_wrong_key_head_for_a_rank(qwen2: Sample, tmp_path: Path) -> None:
    """2 key heads on 4 ranks: rank 1 needs head 0, and gets head 1."""
    q, k, v = np.split(qwen2.weights[at(0, QKV)], [32, 48])
    wrong = np.concatenate([q[8:16], k[8:], v[8:]])
    finding = only(split(qwen2, tensor=4).with_tensors({at(0, QKV): wrong}, rank=1).lint(tmp_path))
    assert finding.subject == f"rank1: {at(0, QKV)}"
    assert finding.found.endswith("q[8:16], k[8:16], v[8:16]") or finding.check == "heads_dealt_out"


@pytest.mark.parametrize(("name", "axis"), [(DENSE, 1), (PROJ, 1), (FC, 0)])
def test_a_part_of_another_rank(qwen2: Sample, name: str, axis: int, tmp_path: Path) -> None:
    sample = split(qwen2, tensor=2).with_tensors(
        {at(1, name): np.split(qwen2.weights[at(1, name)], 2, axis)[0]}, rank=1
    )
    finding = only(sample.lint(tmp_path))
    kind = "columns" if axis else "rows"
    assert (finding.check, finding.found) == ("another_rank", f"the {kind} of tensor-parallel rank 0")


def test_a_matrix_that_was_cut_along_the_other_axis(qwen2: Sample, tmp_path: Path) -> None:
    sample = split(qwen2, tensor=2)
    rows = {at(0, PROJ): np.split(qwen2.weights[at(0, PROJ)], 2)[0]}
    finding = only(sample.with_tensors(rows).lint(tmp_path))
    assert (finding.check, finding.expected, finding.found) == ("shape", "[32, 24]", "[16, 48]")


def test_a_tensor_that_was_not_cut(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(split(qwen2, tensor=2).with_tensors({at(0, FC): qwen2.weights[at(0, FC)]}).lint(tmp_path))
    assert (finding.check, finding.found) == ("not_cut", "[48, 32]: it is not cut")


def test_layers_numbered_over_all_stages_are_missing_and_misnamed(qwen2: Sample, tmp_path: Path) -> None:
    """In the file of a later pipeline stage, layers begin with 0."""
    sample = split(qwen2, tensor=1, pipeline=3)
    moved = {name.replace("layers.0.", "layers.2."): array for name, array in sample.ranks[2].items()}
    report = Sample(sample.model, sample.config, {**sample.ranks, 2: moved}).lint(tmp_path)
    assert {finding.check for finding in report.findings} == {"misnamed"}


def test_a_stage_that_holds_the_layers_of_the_first(qwen2: Sample, tmp_path: Path) -> None:
    sample = split(qwen2, tensor=1, pipeline=3)
    wrong = {name: array for name, array in sample.ranks[0].items() if "layers" in name}
    report = sample.with_tensors(wrong, rank=1).lint(tmp_path)
    assert {finding.check for finding in report.findings} == {"another_layer"}
    assert all("layers.0." in finding.found for finding in report.findings)


def test_a_file_that_is_missing(qwen2: Sample, tmp_path: Path) -> None:
    sample = split(qwen2, tensor=4)
    kept = {rank: weights for rank, weights in sample.ranks.items() if rank != 2}
    finding = only(Sample(sample.model, sample.config, kept).lint(tmp_path))
    assert finding.check == "rank_files"
    assert finding.found == "rank0.safetensors, rank1.safetensors, rank3.safetensors"


@pytest.mark.parametrize("mapping", [..., {"world_size": 1, "tp_size": 1, "pp_size": 1}])
def test_a_mapping_that_forgets_the_ranks(qwen2: Sample, mapping: object, tmp_path: Path) -> None:
    finding = only(split(qwen2, tensor=2).with_keys(mapping=mapping).lint(tmp_path))
    assert (finding.check, finding.subject) == ("rank_files", "config.json: mapping")


def test_a_world_that_is_no_product(qwen2: Sample, tmp_path: Path) -> None:
    mapping = {"world_size": 4, "tp_size": 2, "pp_size": 1}
    finding = only(split(qwen2, tensor=2).with_keys(mapping=mapping).lint(tmp_path))
    assert (finding.check, finding.subject) == ("mapping", "config.json: mapping.world_size")


def test_a_model_that_can_not_be_cut_like_that(qwen2: Sample, tmp_path: Path) -> None:
    mapping = {"world_size": 3, "tp_size": 3, "pp_size": 1}
    ranks = dict.fromkeys(range(3), qwen2.weights)
    report = Sample(qwen2.model, {**qwen2.config, "mapping": mapping}, ranks).lint(tmp_path)
    assert [finding.found for finding in report.findings] == [
        "num_attention_heads 4 is no multiple of tp_size 3",
        "num_key_value_heads 2 neither divides nor is divided by tp_size 3",
    ]


def test_the_head_is_padded_to_a_multiple_of_the_ranks(tmp_path: Path) -> None:
    sample = converted(save_model(tmp_path / "model", huggingface_config(vocab_size=97)), tmp_path / "out")
    cut = split(sample, tensor=4)
    assert cut.lint(tmp_path).findings == ()
    assert cut.ranks[3]["lm_head.weight"].shape == (25, 32)
    short = cut.changed("lm_head.weight", lambda w: w[:22], rank=3)
    assert only(short.lint(tmp_path)).check == "shape"
