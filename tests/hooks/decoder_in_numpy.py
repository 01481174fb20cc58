"""Every operation of the tap graph in fp64 NumPy, from the stored weights and the taps it is computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import ml_dtypes  # noqa: F401  safetensors reads bf16 only with it
import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

from parity.taps import Tap
from parity.tokens import TokenBatch

__all__ = ["DecoderInNumpy", "load_weights"]

Array = npt.NDArray[np.float64]

_WEIGHTS = {
    "embed": "model.embed_tokens",
    "input_norm": "model.layers.{}.input_layernorm",
    "q": "model.layers.{}.self_attn.q_proj",
    "k": "model.layers.{}.self_attn.k_proj",
    "v": "model.layers.{}.self_attn.v_proj",
    "q_norm": "model.layers.{}.self_attn.q_norm",
    "k_norm": "model.layers.{}.self_attn.k_norm",
    "attn_out": "model.layers.{}.self_attn.o_proj",
    "post_norm": "model.layers.{}.post_attention_layernorm",
    "gate": "model.layers.{}.mlp.gate_proj",
    "up": "model.layers.{}.mlp.up_proj",
    "mlp_out": "model.layers.{}.mlp.down_proj",
    "final_norm": "model.norm",
    "logits": "lm_head",
}


def load_weights(folder: Path) -> Mapping[str, Array]:
    """The stored weights, widened."""
    weights = {name: value.astype(np.float64) for name, value in load_file(folder / "model.safetensors").items()}
    weights.setdefault("lm_head.weight", weights["model.embed_tokens.weight"])
    return weights


@dataclass(frozen=True)
class DecoderInNumpy:
    """Recomputes single taps.

    Attributes:
        weights: as `load_weights` gives them.
        tokens: what goes into the model.
        inv_freq: rotary frequencies, float32.
        attention_scaling: factor of the rotary tables.
        eps: of RMSNorm.
        window: how many keys a token sees, itself included; None for all before it.
    """

    weights: Mapping[str, Array]
    tokens: TokenBatch
    inv_freq: npt.NDArray[np.float32]
    attention_scaling: float = 1.0
    eps: float = 1e-6
    window: int | None = None

    def compute(self, tap: Tap, taps: Mapping[str, Array]) -> Array:
        """`tap` from its inputs among `taps`."""
        inputs = [taps[name] for name in tap.inputs]
        result: Array = getattr(self, f"_{tap.op}")(tap, *inputs)
        return result

    def _weight(self, tap: Tap, name: str) -> Array | None:
        return self.weights.get(f"{_WEIGHTS[tap.kind].format(tap.layer)}.{name}")

    def _embedding(self, tap: Tap) -> Array:
        return self._weight(tap, "weight")[self.tokens.ids]

    def _rms_norm(self, tap: Tap, x: Array) -> Array:
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + self.eps) * self._weight(tap, "weight")

    def _linear(self, tap: Tap, x: Array) -> Array:
        weight, bias = self._weight(tap, "weight"), self._weight(tap, "bias")
        flat = x.reshape(*x.shape[:2], weight.shape[1]) @ weight.T
        flat = flat if bias is None else flat + bias
        return flat.reshape(*x.shape[:2], *tap.sizes[2:])

    def _rotary(self, tap: Tap, x: Array) -> Array:
        angles = self.tokens.positions[:, :, None, None] * self.inv_freq.astype(np.float64)
        cos, sin = np.cos(angles) * self.attention_scaling, np.sin(angles) * self.attention_scaling
        first, second = np.split(x, 2, axis=-1)
        return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)

    def _scores(self, tap: Tap, q: Array, k: Array) -> Array:
        k = np.repeat(k, q.shape[2] // k.shape[2], axis=2)
        return np.einsum("bthd,bkhd->bhtk", q, k) / np.sqrt(q.shape[-1])

    def _softmax(self, tap: Tap, scores: Array) -> Array:
        token, key = np.indices(scores.shape[2:])
        seen = (key <= token) & (token - key < (self.window or len(token)))
        masked = np.where(seen & self.tokens.mask[:, None, None, :], scores, -np.inf)
        with np.errstate(invalid="ignore"):  # a padding token on the left sees nothing
            powers = np.exp(masked - masked.max(-1, keepdims=True))
            return powers / powers.sum(-1, keepdims=True)

    def _attention(self, tap: Tap, q: Array, k: Array, v: Array) -> Array:
        v = np.repeat(v, q.shape[2] // v.shape[2], axis=2)
        return np.einsum("bhtk,bkhd->bthd", self._softmax(tap, self._scores(tap, q, k)), v)

    def _add(self, tap: Tap, first: Array, second: Array) -> Array:
        return first + second

    def _silu_mul(self, tap: Tap, gate: Array, up: Array) -> Array:
        return gate / (1 + np.exp(-gate)) * up
