"""Replay: the reference's operations in float64 on captured inputs."""

from parity.replay.local import LocalAnalysis, Sides, analyse_local
from parity.replay.parameters import DecoderSettings, Parameters, ReferenceWeights
from parity.replay.predict import Captured, captured_inputs, predict
from parity.replay.replay import Reference, replay

__all__ = [
    "Captured",
    "DecoderSettings",
    "LocalAnalysis",
    "Parameters",
    "Reference",
    "ReferenceWeights",
    "Sides",
    "analyse_local",
    "captured_inputs",
    "predict",
    "replay",
]
