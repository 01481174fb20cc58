"""Rows and columns in another order: which permutation holds is found out and said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lint_samples import Array, Sample, at, only

QKV, BIAS, DENSE, PROJ = "attention.qkv.weight", "attention.qkv.bias", "attention.dense.weight", "mlp.proj.weight"
HALF_TO_PAIRS = np.arange(8).reshape(2, 4).T.ravel()  # rows 0 4 1 5 …, as GGUF has them
PAIRS_TO_HALF = np.argsort(HALF_TO_PAIRS)


def parts(array: Array, *, query: int = 32, key: int = 16) -> tuple[Array, Array, Array]:
    q, k, v = np.split(array, [query, query + key])
    return q, k, v


def joined(*arrays: Array) -> Array:
    return np.concatenate(arrays)


def exchanged(array: Array) -> Array:
    q, k, v = parts(array)
    return joined(q, v, k)


def by_head(array: Array) -> Array:
    """Two groups, each with two query heads, a key and a value of 8 rows."""
    q, k, v = parts(array)
    return joined(q[:16], k[:8], v[:8], q[16:], k[8:], v[8:])


def paired(rows: Array, order: Array) -> Array:
    return rows.reshape(-1, 8, *rows.shape[1:])[:, order].reshape(rows.shape)


def gguf(array: Array) -> Array:
    q, k, v = parts(array)
    return joined(paired(q, HALF_TO_PAIRS), paired(k, HALF_TO_PAIRS), v)


def gguf_q_alone(array: Array) -> Array:
    q, k, v = parts(array)
    return joined(paired(q, HALF_TO_PAIRS), k, v)


def inverse_gguf(array: Array) -> Array:
    q, k, v = parts(array)
    return joined(paired(q, PAIRS_TO_HALF), paired(k, PAIRS_TO_HALF), v)


def rotated(array: Array) -> Array:
    q, k, v = parts(array)
    return joined(k, v, q)


ORDERS = [
    (exchanged, "keys_values_exchanged", "the parts in the order q | v | k"),
    (rotated, "parts_exchanged", "the parts in the order k | v | q"),
    (by_head, "grouped_by_head", "grouped by key head: its queries, its key, its value"),
    (gguf, "heads_permuted", "q and k with the two halves of each head interleaved"),
    (gguf_q_alone, "heads_permuted", "q with the two halves of each head interleaved"),
    (inverse_gguf, "heads_permuted", "q and k with even and odd rows of each head one behind the other"),
    (lambda w: w[::-1], "reversed", "the rows in reverse order"),
    (lambda w: np.roll(w, 1, axis=0), "shifted", "the rows shifted by +1"),
]


@pytest.mark.parametrize("name", [QKV, BIAS])
@pytest.mark.parametrize(("change", "check", "words"), ORDERS)
def test_the_order_of_a_fused_tensor_is_recognised(  # type: ignore[no-untyped-def]
    qwen2: Sample, name: str, change, check: str, words: str, tmp_path: Path
) -> None:
    finding = only(qwen2.changed(at(1, name), change).lint(tmp_path))
    assert (finding.check, finding.severity, finding.subject) == (check, "error", at(1, name))
    assert finding.found.startswith(words)
    assert "q | k | v" in finding.cure


def test_one_mistake_in_all_layers_is_one_finding_for_weights_and_one_for_biases(qwen2: Sample, tmp_path: Path) -> None:
    changes = {name: exchanged(qwen2.weights[name]) for name in qwen2.weights if ".qkv." in name}
    report = qwen2.with_tensors(changes).lint(tmp_path)
    assert [(finding.check, finding.places) for finding in report.findings] == [("keys_values_exchanged", 3)] * 2
    assert report.findings[0].subject == "transformer.layers.{0-2}.attention.qkv.weight"


def test_wider_heads_are_permuted_by_their_own_size(qwen3: Sample, tmp_path: Path) -> None:
    """Qwen3: heads of 16 rows, 64 rows of q for a hidden size of 32."""

    def change(array: Array) -> Array:
        q, k, v = parts(array, query=64, key=32)
        order = np.arange(16).reshape(2, 8).T.ravel()
        turned = [rows.reshape(-1, 16, 32)[:, order].reshape(rows.shape) for rows in (q, k)]
        return joined(*turned, v)

    finding = only(qwen3.changed(at(0, QKV), change).lint(tmp_path))
    assert (finding.check, finding.found[:7]) == ("heads_permuted", "q and k")


def test_an_order_without_a_name_is_solved_for(qwen2: Sample, tmp_path: Path) -> None:
    def heads_exchanged(array: Array) -> Array:
        q, k, v = parts(array)
        return joined(q[8:16], q[:8], q[16:], k, v)

    finding = only(qwen2.changed(at(2, QKV), heads_exchanged).lint(tmp_path))
    assert finding.check == "rows_moved"
    assert finding.found == "the same rows in another order: q[8:16], q[0:8], q[16:32], k[0:16], … in 5 runs"


def test_heads_of_the_input_in_another_order_show_in_the_columns(qwen2: Sample, tmp_path: Path) -> None:
    def pairs(array: Array) -> Array:
        return array.reshape(32, 4, 8)[:, :, HALF_TO_PAIRS].reshape(32, 32)

    finding = only(qwen2.changed(at(0, DENSE), pairs).lint(tmp_path))
    assert finding.check == "heads_permuted"
    assert "columns of each head" in finding.found or "two halves of each head interleaved" in finding.found
    finding = only(qwen2.changed(at(0, PROJ), lambda w: w[:, ::-1]).lint(tmp_path))
    assert (finding.check, finding.found) == ("reversed", "the columns in reverse order")


def test_a_square_matrix_that_was_transposed_is_recognised(qwen2: Sample, tmp_path: Path) -> None:
    finding = only(qwen2.changed(at(1, DENSE), lambda w: w.T).lint(tmp_path))
    assert (finding.check, finding.found) == ("transposed", "model.layers.1.self_attn.o_proj.weight transposed")


def runs_of(order: list[int], starts: tuple[int, ...]) -> list[tuple[int, int]]:
    """The pool row and length of each run of neighbours that stays within one part."""
    runs: list[tuple[int, int]] = []
    for row in order:
        if runs and row == sum(runs[-1]) and row not in starts:
            runs[-1] = runs[-1][0], runs[-1][1] + 1
        else:
            runs.append((row, 1))
    return runs


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(8)))
def test_any_order_of_heads_is_told_exactly(qwen2: Sample, tmp_path: Path, order: list[int]) -> None:
    """The eight heads of q, k and v (4, 2 and 2 of 8 rows) in any order: the finding names the permutation."""
    weight = qwen2.weights[at(0, QKV)]
    shuffled = np.concatenate([weight[8 * head : 8 * head + 8] for head in order])
    report = qwen2.with_tensors({at(0, QKV): shuffled}).lint(tmp_path)
    if order == sorted(order):
        assert report.findings == ()
        return
    finding = only(report)
    rows = [8 * head + row for head in order for row in range(8)]
    if finding.check == "rows_moved":
        labels = {0: ("q", 0), 1: ("k", 32), 2: ("v", 48)}
        named = []
        for start, length in runs_of(rows, (0, 32, 48))[:4]:
            label, first = labels[(start >= 32) + (start >= 48)]
            named.append(f"{label}[{start - first}:{start - first + length}]")
        assert finding.found.startswith("the same rows in another order: " + ", ".join(named))
    else:
        known = {
            "keys_values_exchanged": [0, 1, 2, 3, 6, 7, 4, 5],
            "grouped_by_head": [0, 1, 4, 6, 2, 3, 5, 7],
        }
        assert known.get(finding.check, order) == order
        assert finding.check in {*known, "parts_exchanged"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(48)))
def test_any_order_of_rows_and_columns_is_recognised(qwen2: Sample, tmp_path: Path, order: list[int]) -> None:
    """MLP channels may be renamed: rows of fc and columns of proj; each is told, and only these."""
    if order == sorted(order):
        return
    changes = {at(0, "mlp.fc.weight"): qwen2.weights[at(0, "mlp.fc.weight")][order]}
    changes[at(0, PROJ)] = qwen2.weights[at(0, PROJ)][:, order]
    report = qwen2.with_tensors(changes).lint(tmp_path)
    found = {finding.subject: finding.check for finding in report.findings}
    assert set(found) == set(changes)
    assert found[at(0, "mlp.fc.weight")] in ("rows_moved", "reversed", "shifted")
    assert found[at(0, PROJ)] in ("columns_moved", "reversed", "shifted")
