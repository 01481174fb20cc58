"""Small prompts, and a runner's taps as a mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.engines.onnxruntime import OnnxRuntimeRunner
from parity.runner import Runner
from parity.taps import Tap
from parity.tokens import Phase, TokenBatch

__all__ = ["by_token", "capture_all", "phase_of", "random_phase", "run_network"]

Arrays = dict[str, npt.NDArray[Any]]


def random_phase(*lengths: int, vocabulary: int = 96, seed: int = 5) -> Phase:
    """Prompts of random tokens, padded on the right."""
    rng = np.random.default_rng(seed)
    return phase_of(TokenBatch.from_sequences([rng.integers(0, vocabulary, length).tolist() for length in lengths]))


def phase_of(tokens: TokenBatch) -> Phase:
    return Phase("prefill", tokens)


def capture_all(runner: Runner, phase: Phase) -> Arrays:
    """Every tap that the runner can give, scores and probabilities too."""
    arrays: Arrays = {}
    info = runner.describe()
    runner.capture(phase, [tap for tap in info.graph if tap.name not in info.not_observable], arrays.__setitem__)
    return arrays


def run_network(network: Path, phase: Phase, *, level: str = "all") -> Arrays:
    return capture_all(OnnxRuntimeRunner(network, options={"level": level, "threads": "1"}), phase)


def by_token(array: npt.NDArray[Any], tap: Tap, phase: Phase) -> npt.NDArray[np.float64]:
    """Values at real tokens (and real keys), one row per token."""
    wide = array.astype(np.float64)
    if tap.axes[-1] == "key":
        wide = np.where(phase.tokens.mask[:, None, None, :], wide, 0).swapaxes(1, 2)  # [batch, token, head, key]
    rows: npt.NDArray[np.float64] = wide.reshape(*phase.tokens.mask.shape, -1)[phase.tokens.mask]
    return rows
