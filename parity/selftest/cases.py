"""All cases: every fault at every size, sound variants, pairs of faults, and faults of sizes drawn at random."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from parity.selftest.case import BUNDLED, QWEN3, Case, Engine, Expectation, Network, OtherBatch, Recorded
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults import EQUIVALENTS, FAULTS, Fault, Plant, get_fault

__all__ = ["GROUPS", "drawn_cases", "listed_cases", "shortened"]

GROUPS = {
    "A": "weights, biases and wiring",
    "B": "rotary embedding and positions",
    "C": "attention",
    "D": "norms, activation and precision",
    "E": "quantised weights",
    "G": "inputs and captures",
    "X": "what nobody has reported",
    "pairs": "two faults at once",
    "sound": "nothing planted",
}
"""What the cases of a group have in common."""

_LISTED = "ABCDG"

_PAIRS = (
    (Plant("A02", 1), Plant("D07", 4)),
    (Plant("B01", 0), Plant("A16", 3)),
    (Plant("C02", 2, "× 1.1"), Plant("C05", 4)),
    (Plant("D01", 1, "0.001"), Plant("B07", 3)),
    (Plant("A06", 2), Plant("A07", 5)),
    (Plant("C02", 2, "× 1.1"), Plant("C05", 2)),
    (Plant("C03", 3), Plant("C08", 3)),
)

_SHORT = ("A02", "A06", "A09", "B01", "B07", "B09", "C03", "C05", "D04", "D07", "G01", "G04")


def listed_cases(
    dtypes: Sequence[str], configs: dict[str, QwenConfig], *, fault_ids: Collection[str] = ()
) -> tuple[Case, ...]:
    """Every fault of the list at every size, pairs of them, and sound variants.

    Args:
        dtypes: what the candidates compute in.
        configs: by model; a fault that the bundled one can't have is planted into the other.
        fault_ids: only these faults; all, the pairs and the sound variants where empty.

    Raises:
        ParityError: there is no such fault.
    """
    for fault_id in fault_ids:
        get_fault(fault_id)
    wanted = [fault for fault in FAULTS.values() if fault.id in fault_ids or (not fault_ids and fault.group in _LISTED)]
    cases = [case for dtype in dtypes for fault in wanted for case in _cases_of(fault, dtype, configs)]
    if not fault_ids:
        cases += [_planted(pair, dtype, BUNDLED, configs) for dtype in dtypes for pair in _PAIRS]
        cases += [case for dtype in dtypes for case in _sound(dtype)]
        cases += list(_sound_in_bf16())
    return tuple(cases)


def shortened(cases: Sequence[Case]) -> tuple[Case, ...]:
    """A selection that takes less than a minute: usual faults at their usual size, and two sound variants."""
    kept: dict[tuple[str, str], Case] = {}
    for case in cases:
        if case.id in (*_SHORT, "other-formulas", "alone") and case.where != "everywhere":
            kept.setdefault((case.id, case.dtype), case)
    return tuple(kept.values())


def drawn_cases(dtypes: Sequence[str], configs: dict[str, QwenConfig], *, count: int, seed: int) -> tuple[Case, ...]:
    """Faults whose sizes and layers are drawn at random, in turn, and as many pairs of them as a quarter of that.

    Args:
        dtypes: as for `listed_cases`; every case is made for each.
        configs: likewise.
        count: how many faults to draw.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    config = configs[BUNDLED]
    able = [fault for fault in FAULTS.values() if fault.draw and not fault.obstacle(config)]
    plants = [_draw(able[place % len(able)], rng, config) for place in range(count)]
    cases = [_planted((plant,), dtype, BUNDLED, configs) for plant in plants for dtype in dtypes]
    inside = [fault for fault in able if fault.one_layer and not fault.harmless]
    for _ in range(count // 4):
        first, second = (_draw(inside[int(place)], rng, config) for place in rng.integers(len(inside), size=2))
        if first.layer != second.layer:
            pair = tuple(sorted((first, second), key=lambda plant: plant.layer or 0))
            cases += [_planted(pair, dtype, BUNDLED, configs) for dtype in dtypes]
    return tuple(cases)


def _draw(fault: Fault, rng: np.random.Generator, config: QwenConfig) -> Plant:
    layer = int(rng.integers(config.num_hidden_layers)) if fault.one_layer else None
    return Plant(fault.id, layer, seed=int(rng.integers(2**31)))


def _cases_of(fault: Fault, dtype: str, configs: dict[str, QwenConfig]) -> Iterator[Case]:
    """The usual size in one layer and everywhere, the other sizes in one layer and everywhere by turns."""
    model = QWEN3 if fault.obstacle(configs[BUNDLED]) else BUNDLED
    if fault.obstacle(configs[model]):
        return
    layers, start = configs[model].num_hidden_layers, sum(map(ord, fault.id))
    for place, size in enumerate(fault.sizes):
        if size.dtypes and dtype not in size.dtypes:
            continue
        layer = (start + place) % layers
        if fault.one_layer and (place == 0 or place % 2):
            yield _planted((Plant(fault.id, layer, size.name),), dtype, model, configs)
        if not fault.one_layer or place % 2 == 0:
            yield _planted((Plant(fault.id, None, size.name),), dtype, model, configs)


def _planted(plants: Sequence[Plant], dtype: str, model: str, configs: dict[str, QwenConfig]) -> Case:
    config = configs[model]
    expected = tuple(
        Expectation(plant.expected_tap(config), plant.fault.expected_causes(plant.sized(config)))
        for plant in plants
        if not plant.fault.harmless
    )
    return Case(
        "+".join(plant.fault_id for plant in plants),
        _where(plants),
        "; ".join(plant.sized(config).name for plant in plants).strip("; "),
        dtype,
        Network(tuple(plants)),
        expected,
        model,
    )


def _where(plants: Sequence[Plant]) -> str:
    layers = [str(plant.layer) for plant in plants if plant.layer is not None]
    if not layers:
        return "everywhere" if plants[0].fault.one_layer else "model"
    return f"layer {layers[0]}" if len(set(layers)) == 1 else f"layers {' and '.join(layers)}"


def _sound(dtype: str) -> Iterator[Case]:
    for level in ("all", "basic", "disabled"):
        yield Case(f"level-{level}", "", "", dtype, Engine(level=level))
    yield Case("two-threads", "", "", dtype, Engine(threads=2))
    yield Case("alone", "", "", dtype, OtherBatch(alone=True))
    yield Case("more-padding", "", "", dtype, OtherBatch(padding=37))
    for equivalent in EQUIVALENTS:
        yield Case(equivalent, "", "", dtype, Network(equivalent=equivalent))
    yield Case("sdpa", "", "", dtype, Recorded(dtype, "sdpa"))
    yield Case("qwen3", "", "", dtype, Engine(), model=QWEN3)
    yield Case("qwen3-level-disabled", "", "", dtype, Engine(level="disabled"), model=QWEN3)


def _sound_in_bf16() -> Iterator[Case]:
    """No engine here has kernels for bf16: an fp32 network that rounds what every operation puts out, and PyTorch."""
    rounding = Network((Plant("D11"),), stored="float32")
    for model in (BUNDLED, QWEN3):
        yield Case("rounded-to-bf16", "", "", "bfloat16", rounding, model=model)
        yield Case("sdpa", "", "", "bfloat16", Recorded("bfloat16", "sdpa"), model=model)
