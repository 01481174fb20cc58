"""Group B: the positions that queries and keys are rotated by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rotary import RotaryTable, rotary_table, rotate

__all__ = ["POSITION_FAULTS"]

_Positions = Callable[[GraphBuilder, ir.Value], ir.Value]


def _both_at(positions: _Positions) -> Callable[[Ops], Ops]:
    def table(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
        return rotary_table(g, positions(g, position_ids))

    return lambda ops: replace(ops, rotary_table=table)


def _one_at(kind: str, positions: _Positions) -> Callable[[Ops], Ops]:
    """Queries or keys alone at other positions."""

    def turn(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
        if which != kind:
            return rotate(g, x, table, which=which)
        return rotate(g, x, rotary_table(g, positions(g, g.given("position_ids"))), which=which)

    return lambda ops: replace(ops, rotate=turn)


def _moved(by: int) -> _Positions:
    return lambda g, positions: g.op("Add", positions, g.constant(by, "int64"))


def _all_at(position: int) -> _Positions:
    return lambda g, positions: g.op(
        "Add", g.op("Mul", positions, g.constant(0, "int64")), g.constant(position, "int64")
    )


def _restarting(every: int) -> _Positions:
    return lambda g, positions: g.op("Mod", positions, g.constant(every, "int64"))


def _hole(at: int, width: int) -> _Positions:
    """From some token on, positions are too large, as after a hole in the cache."""

    def positions(g: GraphBuilder, given: ir.Value) -> ir.Value:
        later = g.op("GreaterOrEqual", given, g.constant(at, "int64"), dtype=ir.DataType.BOOL)
        added = g.op("Mul", g.cast(later, ir.DataType.INT64), g.constant(width, "int64"))
        return g.op("Add", given, added)

    return positions


def _draw_harmless(rng: np.random.Generator, config: QwenConfig) -> Size:
    by = int(rng.integers(1, 2000))
    return Size(f"+{by}", _both_at(_moved(by)))


def _draw_wrong(rng: np.random.Generator, config: QwenConfig) -> Size:
    kind, lag = str(rng.choice(["q", "k"])), int(rng.integers(1, 8)) * int(rng.choice([-1, 1]))
    sizes = (
        Size(f"{kind} {lag:+d}", _one_at(kind, _moved(lag)), f"{kind}_rope", ("rotary_position_offset",)),
        Size(
            f"{kind} restarts every {(every := int(rng.integers(12, 300)))}",
            _one_at(kind, _restarting(every)),
            f"{kind}_rope",
            ("rotary_position_restart",),
        ),
        Size(
            f"{kind} + {lag + 8} from {(at := int(rng.integers(10, 200)))} on",
            _one_at(kind, _hole(at, lag + 8)),
            f"{kind}_rope",
            ("rotary_position_jump",),
        ),
    )
    return sizes[int(rng.integers(len(sizes)))]


POSITION_FAULTS = (
    Fault(
        "B09",
        "position-offset",
        "Positions of queries and keys both begin later than at 0, which no score depends on.",
        "q_rope",
        (),
        tuple(Size(f"+{by}", _both_at(_moved(by))) for by in (1, 64, 1000)),
        harmless=True,
        draw=_draw_harmless,
    ),
    Fault(
        "B10",
        "positions-differ",
        "Queries are rotated by other positions than keys, as where a decoding step counts otherwise than the cache.",
        "q_rope",
        ("rotary_position_offset",),
        (
            Size("q one later", _one_at("q", _moved(1))),
            Size("q stands at 9", _one_at("q", _all_at(9)), causes=("rotary_position_frozen",)),
            Size("q restarts every 128", _one_at("q", _restarting(128)), causes=("rotary_position_restart",)),
            Size("k 3 more from 200 on", _one_at("k", _hole(200, 3)), "k_rope", ("rotary_position_jump",)),
        ),
        draw=_draw_wrong,
    ),
)
