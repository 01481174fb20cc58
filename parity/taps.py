"""The spine: named tensors that both sides produce, and the dataflow between them.

The table of taps is written once, here. A network gives its tensors these names, `parity.hooks` maps them
to Hugging Face modules, the comparator walks them in this order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import prod

from parity.errors import ParityError

__all__ = ["DecoderShape", "Tap", "TapGraph", "count_parameters", "decoder_taps", "select_taps"]

_TOKEN_AXES = ("batch", "token", "channel")
_HEAD_AXES = ("batch", "token", "head", "channel")
_SCORE_AXES = ("batch", "head", "token", "key")

# What `--taps` understands beside patterns. Scores and probabilities grow with the square of the length,
# so they belong to no set and are captured only where a pattern names them.
_SETS = {
    "layers": ("embed", "layers.*.resid_out", "final_norm", "logits"),
    "blocks": (
        "embed",
        "layers.*.attn_out",
        "layers.*.resid_mid",
        "layers.*.mlp_out",
        "layers.*.resid_out",
        "final_norm",
        "logits",
    ),
}


@dataclass(frozen=True)
class DecoderShape:
    """Sizes of a dense decoder, as far as taps need them."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    qk_norm: bool = False


@dataclass(frozen=True)
class Tap:
    """A named tensor of the decoder.

    Attributes:
        name: for example ``layers.3.attn_out``; the name of the tensor in dumps and networks.
        op: the operation that makes it: ``embedding``, ``rms_norm``, ``linear``, ``rotary``, ``scores``,
            ``softmax``, ``attention``, ``add`` or ``silu_mul``.
        inputs: names of the taps it is computed from, in the order of the operation's arguments.
        axes: what each axis is: ``batch``, ``token``, ``head``, ``channel`` or ``key``.
        sizes: length of each axis; None for ``batch``, ``token`` and ``key``, which the prompts decide.
        layer: index of the decoder layer, None outside the layers.
        on_request: captured only where a pattern names it.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    axes: tuple[str, ...]
    sizes: tuple[int | None, ...]
    layer: int | None = None
    on_request: bool = False

    @property
    def kind(self) -> str:
        """The name without its layer: ``attn_out`` for ``layers.3.attn_out``."""
        return self.name.rsplit(".", 1)[-1]


@dataclass(frozen=True)
class TapGraph:
    """Taps in graph order: each after all of its inputs."""

    taps: tuple[Tap, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for tap in self.taps:
            if tap.name in seen:
                raise ParityError(f"tap {tap.name!r} stands twice in the tap graph")
            seen.add(tap.name)

    def __iter__(self) -> Iterator[Tap]:
        return iter(self.taps)

    def __len__(self) -> int:
        return len(self.taps)

    def __contains__(self, name: object) -> bool:
        return any(tap.name == name for tap in self.taps)

    def __getitem__(self, name: str) -> Tap:
        for tap in self.taps:
            if tap.name == name:
                return tap
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in graph order."""
        return tuple(tap.name for tap in self.taps)

    def __or__(self, other: TapGraph) -> TapGraph:
        """This graph, followed by the taps of `other` that it lacks."""
        return TapGraph(self.taps + tuple(tap for tap in other if tap.name not in self))


def decoder_taps(shape: DecoderShape) -> TapGraph:
    """All taps of a Qwen-family decoder of that shape, in graph order."""
    taps = [Tap("embed", "embedding", (), _TOKEN_AXES, (None, None, shape.hidden))]
    stream = "embed"
    for layer in range(shape.layers):
        taps += _layer_taps(shape, layer, stream)
        stream = f"layers.{layer}.resid_out"
    taps.append(Tap("final_norm", "rms_norm", (stream,), _TOKEN_AXES, (None, None, shape.hidden)))
    taps.append(Tap("logits", "linear", ("final_norm",), _TOKEN_AXES, (None, None, shape.vocabulary)))
    return TapGraph(tuple(taps))


def count_parameters(graph: TapGraph) -> int:
    """Weights of the embedding and the linear layers, which is nearly all of them; a tied head counts twice."""
    sizes = {tap.name: prod(size for size in tap.sizes if size is not None) for tap in graph}
    linear = sum(sizes[tap.name] * sizes[tap.inputs[0]] for tap in graph if tap.op == "linear" and tap.inputs)
    vocabulary = sizes.get("logits", 0)
    return linear + vocabulary * sizes.get("embed", 0)


def select_taps(graph: TapGraph, selection: str) -> tuple[Tap, ...]:
    """The taps that `selection` asks for, in graph order.

    Args:
        graph: the taps there are.
        selection: ``layers`` (one tap a layer), ``blocks`` (block outputs and the residual stream), ``all``
            (everything but scores and probabilities), or patterns such as ``layers.3.*``; several with commas.

    Raises:
        ParityError: one of the parts matches no tap.
    """
    wanted: set[str] = set()
    for part in (part.strip() for part in selection.split(",")):
        found = _matches(graph, part)
        if not found:
            raise ParityError(
                f"--taps {part!r} matches none of the {len(graph)} taps",
                cure=f"use layers, blocks, all or a pattern such as 'layers.0.*'; the first taps are "
                f"{', '.join(graph.names[:5])}",
            )
        wanted |= found
    return tuple(tap for tap in graph if tap.name in wanted)


def _matches(graph: TapGraph, part: str) -> set[str]:
    if part == "all":
        return {tap.name for tap in graph if not tap.on_request}
    patterns: Sequence[str] = _SETS.get(part, (part,))
    return {tap.name for tap in graph if any(fnmatchcase(tap.name, pattern) for pattern in patterns)}


def _layer_taps(shape: DecoderShape, layer: int, stream: str) -> list[Tap]:
    return _attention_taps(shape, layer, stream) + _mlp_taps(shape, layer)


def _attention_taps(shape: DecoderShape, layer: int, stream: str) -> list[Tap]:
    at = f"layers.{layer}."
    hidden = (None, None, shape.hidden)
    query = (None, None, shape.heads, shape.head_dim)
    key = (None, None, shape.kv_heads, shape.head_dim)
    square = (None, shape.heads, None, None)
    norm, rotated = (at + "input_norm",), (at + "q_rope", at + "k_rope")
    taps = [
        Tap(at + "input_norm", "rms_norm", (stream,), _TOKEN_AXES, hidden, layer),
        Tap(at + "q", "linear", norm, _HEAD_AXES, query, layer),
        Tap(at + "k", "linear", norm, _HEAD_AXES, key, layer),
        Tap(at + "v", "linear", norm, _HEAD_AXES, key, layer),
    ]
    q_source, k_source = at + "q", at + "k"
    if shape.qk_norm:
        taps.append(Tap(at + "q_norm", "rms_norm", (q_source,), _HEAD_AXES, query, layer))
        taps.append(Tap(at + "k_norm", "rms_norm", (k_source,), _HEAD_AXES, key, layer))
        q_source, k_source = at + "q_norm", at + "k_norm"
    return [
        *taps,
        Tap(at + "q_rope", "rotary", (q_source,), _HEAD_AXES, query, layer),
        Tap(at + "k_rope", "rotary", (k_source,), _HEAD_AXES, key, layer),
        Tap(at + "scores", "scores", rotated, _SCORE_AXES, square, layer, on_request=True),
        Tap(at + "probs", "softmax", (at + "scores",), _SCORE_AXES, square, layer, on_request=True),
        Tap(at + "attn_ctx", "attention", (*rotated, at + "v"), _HEAD_AXES, query, layer),
        Tap(at + "attn_out", "linear", (at + "attn_ctx",), _TOKEN_AXES, hidden, layer),
        Tap(at + "resid_mid", "add", (stream, at + "attn_out"), _TOKEN_AXES, hidden, layer),
    ]


def _mlp_taps(shape: DecoderShape, layer: int) -> list[Tap]:
    at = f"layers.{layer}."
    hidden, wide = (None, None, shape.hidden), (None, None, shape.intermediate)
    return [
        Tap(at + "post_norm", "rms_norm", (at + "resid_mid",), _TOKEN_AXES, hidden, layer),
        Tap(at + "gate", "linear", (at + "post_norm",), _TOKEN_AXES, wide, layer),
        Tap(at + "up", "linear", (at + "post_norm",), _TOKEN_AXES, wide, layer),
        Tap(at + "act", "silu_mul", (at + "gate", at + "up"), _TOKEN_AXES, wide, layer),
        Tap(at + "mlp_out", "linear", (at + "act",), _TOKEN_AXES, hidden, layer),
        Tap(at + "resid_out", "add", (at + "resid_mid", at + "mlp_out"), _TOKEN_AXES, hidden, layer),
    ]
