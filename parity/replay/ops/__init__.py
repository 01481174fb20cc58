"""The reference's operations in float64, one file each."""

from parity.replay.ops.add import add
from parity.replay.ops.attention import attention, attention_mask, attention_sensitivity
from parity.replay.ops.embedding import embedding
from parity.replay.ops.linear import linear
from parity.replay.ops.probabilities import probabilities
from parity.replay.ops.rms_norm import rms_norm
from parity.replay.ops.rotary import rotary, rotate_half
from parity.replay.ops.scores import scores
from parity.replay.ops.silu_mul import silu, silu_mul

__all__ = [
    "add",
    "attention",
    "attention_mask",
    "attention_sensitivity",
    "embedding",
    "linear",
    "probabilities",
    "rms_norm",
    "rotary",
    "rotate_half",
    "scores",
    "silu",
    "silu_mul",
]
