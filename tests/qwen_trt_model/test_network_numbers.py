from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir
import pytest
from small_phases import by_token, phase_of, random_phase, run_network

from parity.taps import DecoderShape, decoder_taps
from parity.tokens import TokenBatch
from qwen_trt_model import build_network, convert, read_checkpoint


def shape_of(checkpoint: Path) -> DecoderShape:
    return read_checkpoint(checkpoint).config.decoder_shape


def test_padding_on_the_right_changes_no_real_token(fp32_checkpoint: Path) -> None:
    phase = random_phase(23, 9, 1)
    together = run_network(fp32_checkpoint / "network.onnx", phase)
    for row, length in enumerate(phase.tokens.lengths):
        alone_phase = phase_of(TokenBatch.from_sequences([phase.tokens.ids[row, :length].tolist()]))
        alone = run_network(fp32_checkpoint / "network.onnx", alone_phase)
        for tap in decoder_taps(shape_of(fp32_checkpoint)):
            if tap.axes[-1] != "key":
                np.testing.assert_allclose(
                    together[tap.name][row, :length], alone[tap.name][0], rtol=2e-4, atol=2e-5, err_msg=tap.name
                )


def test_padding_on_the_left_changes_no_real_token(fp32_checkpoint: Path) -> None:
    phase = random_phase(23, 9)
    mask = phase.tokens.mask[:, ::-1].copy()
    ids = np.zeros_like(phase.tokens.ids)
    ids[mask] = phase.tokens.ids[phase.tokens.mask]
    positions = np.maximum(np.cumsum(mask, axis=1) - 1, 0)
    left_phase = phase_of(TokenBatch(ids, mask, positions))
    right = run_network(fp32_checkpoint / "network.onnx", phase)
    left = run_network(fp32_checkpoint / "network.onnx", left_phase)
    for name in ("layers.2.attn_ctx", "layers.2.resid_out", "logits"):
        np.testing.assert_allclose(left[name][mask], right[name][phase.tokens.mask], rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("dtype", ["fp32", "fp16"])
def test_nothing_is_nan_even_at_padding(plain_model: Path, tmp_path: Path, dtype: str) -> None:
    network = build_network(convert(plain_model, tmp_path / "out", dtype=dtype))
    mask = np.array([[False] * 6 + [True] * 2, [True] * 8, [True] + [False] * 7])
    ids = np.where(mask, 3, 0).astype(np.int64)
    phase = phase_of(TokenBatch(ids, mask, np.broadcast_to(np.arange(8), ids.shape).copy()))
    for name, array in run_network(network, phase).items():
        assert np.isfinite(array).all(), name


def test_a_padding_token_looks_at_itself_so_that_no_row_is_masked_as_a_whole(fp32_checkpoint: Path) -> None:
    mask = np.array([[False, False, True, True]])
    phase = phase_of(TokenBatch(np.array([[0, 0, 3, 4]]), mask, np.array([[0, 0, 0, 1]])))
    probs = run_network(fp32_checkpoint / "network.onnx", phase)["layers.0.probs"]
    assert np.array_equal(probs[0, 0, :2], [[1, 0, 0, 0], [0, 1, 0, 0]])


def test_no_token_sees_a_later_one_or_padding(fp32_checkpoint: Path) -> None:
    phase = random_phase(12, 5)
    probs = run_network(fp32_checkpoint / "network.onnx", phase)["layers.1.probs"]
    later = np.triu(np.ones((12, 12), bool), k=1)
    assert not probs[:, :, later].any()
    assert not probs[1, :, :5, 5:].any()
    np.testing.assert_allclose(probs.sum(axis=-1), 1, rtol=1e-5)


def test_scores_depend_on_positions_only_by_their_distance(fp32_checkpoint: Path) -> None:
    phase = random_phase(10)
    shifted = TokenBatch(phase.tokens.ids, phase.tokens.mask, phase.tokens.positions + 7)
    before = run_network(fp32_checkpoint / "network.onnx", phase)
    after = run_network(fp32_checkpoint / "network.onnx", phase_of(shifted))
    assert not np.allclose(before["layers.0.q_rope"], after["layers.0.q_rope"], atol=1e-2)
    np.testing.assert_allclose(before["layers.0.scores"], after["layers.0.scores"], rtol=1e-3, atol=1e-4)


def test_optimisation_levels_agree(fp32_checkpoint: Path) -> None:
    phase = random_phase(17, 4)
    graph = decoder_taps(shape_of(fp32_checkpoint))
    runs = [run_network(fp32_checkpoint / "network.onnx", phase, level=level) for level in ("all", "disabled")]
    for tap in graph:
        first, second = (by_token(run[tap.name], tap, phase) for run in runs)
        np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-4, err_msg=tap.name)


def test_large_positions_keep_their_angles(fp32_checkpoint: Path) -> None:
    ids = np.full((1, 2), 5, np.int64)
    phase = phase_of(TokenBatch(ids, np.ones((1, 2), bool), np.array([[0, 131071]])))
    arrays = run_network(fp32_checkpoint / "network.onnx", phase)
    config = read_checkpoint(fp32_checkpoint).config
    source = "k_norm" if config.qk_norm else "k"
    exponents = np.arange(0, config.head_size, 2, dtype=np.float32) / np.float32(config.head_size)
    frequencies = np.float32(1) / (config.rotary_base ** exponents.astype(np.float64)).astype(np.float32)
    angles = 131071 * frequencies.astype(np.float64)
    first, second = np.split(arrays[f"layers.0.{source}"][0, 1].astype(np.float64), 2, axis=-1)
    expected = np.concatenate(
        [first * np.cos(angles) - second * np.sin(angles), second * np.cos(angles) + first * np.sin(angles)], axis=-1
    )
    np.testing.assert_allclose(arrays["layers.0.k_rope"][0, 1], expected, rtol=1e-6, atol=1e-6)


def test_no_engine_is_asked_for_an_angle(fp32_checkpoint: Path) -> None:
    model = onnx_ir.load(fp32_checkpoint / "network.onnx")
    assert not {"Sin", "Cos"} & {node.op_type for node in model.graph}
