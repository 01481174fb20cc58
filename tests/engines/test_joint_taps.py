from __future__ import annotations

from pathlib import Path

import pytest
from plain_models import huggingface_config, save_model

from parity.engines.joint_taps import joint_taps
from parity.engines.precision import with_precision
from parity.engines.precision_file import PrecisionAssignment
from parity.engines.tapped_network import TappedNetwork, open_network
from parity.tune import make_groups
from qwen_trt_model import build_network, convert


def network_of(folder: Path, model_type: str, dtype: str) -> TappedNetwork:
    model = save_model(folder / "model", huggingface_config(model_type))
    return open_network(build_network(convert(model, folder / "network", dtype=dtype)), graph=None, mapping=None)


@pytest.mark.parametrize("model_type", ["qwen2", "qwen3"])
def test_what_one_product_makes_goes_together_and_fp32_operations_are_left_out(tmp_path: Path, model_type: str) -> None:
    network = network_of(tmp_path, model_type, "fp16")
    groups = make_groups(joint_taps(network.model, network.graph, network.tensors), network.graph)
    norms = ("q_norm", "k_norm") if model_type == "qwen3" else ()
    layer = (
        *("input_norm", "q+k+v", *norms, "attn_ctx", "attn_out", "resid_mid"),
        *("post_norm", "gate", "up", "act", "mlp_out", "resid_out"),
    )
    assert [group.kind for group in groups] == [*layer * 3, "final_norm", "logits"]
    assert [group.layer for group in groups] == [*(i for i in range(3) for _ in layer), None, None]
    assert groups[1].taps == ("layers.0.q", "layers.0.k", "layers.0.v")


def test_a_network_in_fp32_has_none(tmp_path: Path) -> None:
    network = network_of(tmp_path, "qwen2", "fp32")
    assert joint_taps(network.model, network.graph, network.tensors) == ()


def test_what_runs_in_fp32_already_is_not_offered_again(tmp_path: Path) -> None:
    network = network_of(tmp_path, "qwen2", "fp16")
    changed = with_precision(network.model, PrecisionAssignment(("*.q", "*norm")), tensors=network.tensors)
    before, after = (joint_taps(model, network.graph, network.tensors) for model in (network.model, changed))
    assert after == tuple(group for group in before if not group[0].endswith((".q", "norm")))
    assert len(after) < len(before)
