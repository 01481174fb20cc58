"""The bundled model for tests on a real GPU: tokens, taps, network, and the decoder replayed in fp64.

Options for every engine come from PARITY_TENSORRT_OPTIONS, such as ``level=0,tactic_sources=none``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_phases import random_phase

from parity.engines.tensorrt.installed import import_tensorrt
from parity.errors import ParityError
from parity.replay import Reference, replay
from parity.taps import decoder_taps, select_taps
from qwen_trt_model import build_network, bundled_model, convert
from qwen_trt_model.reference_weights import open_reference_weights

__all__ = [
    "GRAPH",
    "PHASE",
    "TAPS",
    "WEIGHTS",
    "Arrays",
    "engine_options",
    "make_network",
    "replayed",
    "skip_without_tensorrt",
]

Arrays = Mapping[str, np.ndarray[Any, Any]]

WEIGHTS = open_reference_weights(bundled_model())
PHASE = random_phase(24, 9, vocabulary=1000)
GRAPH = decoder_taps(WEIGHTS.settings.shape)
TAPS = select_taps(GRAPH, "all")


def skip_without_tensorrt() -> None:
    """Skip the module that calls this while it is imported."""
    try:
        import_tensorrt()
    except ParityError:
        pytest.skip("needs TensorRT and an NVIDIA GPU", allow_module_level=True)


def engine_options(**more: str) -> dict[str, str]:
    given = os.environ.get("PARITY_TENSORRT_OPTIONS", "level=0")
    return {**dict(option.split("=") for option in given.split(",")), **more}


def make_network(folder: Path, dtype: str) -> Path:
    return build_network(convert(bundled_model(), folder / dtype, dtype=dtype))


def replayed() -> Arrays:
    """Every tap but scores and probabilities, in fp64."""
    reference = Reference(WEIGHTS, PHASE.tokens)
    values: dict[str, Any] = {}
    for tap in TAPS:
        values[tap.name] = replay(reference, tap, [values[name] for name in tap.inputs])
    return values
