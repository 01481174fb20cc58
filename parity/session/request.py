"""What a run is asked to do, however it was asked: command line and pytest both fill these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from parity import options
from parity.limits import FlagRule, Limits, NoiseRule, default_limits, parse_flag, parse_limit

__all__ = [
    "CandidateRequest",
    "EngineChecks",
    "InputRequest",
    "Judging",
    "PlantedFault",
    "ReferenceRequest",
    "RunRequest",
    "TuneRequest",
]


@dataclass(frozen=True)
class Judging:
    """How rows are judged, beyond the limits that are shipped.

    Attributes:
        rules: added after the shipped rules, so that they win.
        strict: every flag fails.
    """

    rules: tuple[FlagRule | NoiseRule, ...] = ()
    strict: bool = False

    @classmethod
    def parse(cls, *, flags: Sequence[str], limits: Sequence[str], strict: bool) -> Judging:
        """Read what ``--flag`` and ``--limit`` were given.

        Raises:
            ParityError: one of them can't be read.
        """
        return cls((*map(parse_flag, flags), *map(parse_limit, limits)), strict)

    def limits_for(self, candidate_dtype: str) -> Limits:
        """All limits for a candidate that computes in `candidate_dtype` (numpy's name)."""
        return default_limits(candidate_dtype).with_rules(*self.rules, strict=self.strict)


@dataclass(frozen=True)
class ReferenceRequest:
    """How the reference, and the floor with it, is run.

    Attributes:
        source: folder or hub id.
        truth: ``auto``, ``fp32`` or ``fp64``.
        attention: ``eager`` or ``sdpa``.
        device: as torch names it.
    """

    source: str
    truth: str = options.TRUTH.default
    attention: str = options.ATTENTION.default
    device: str = options.DEVICE.default


@dataclass(frozen=True)
class PlantedFault:
    """A defect to plant into the candidate's network, to see what a failing run looks like.

    Attributes:
        id: one of `qwen_trt_model.faults.fault_ids`.
        layer: the layer that gets it; None for every layer.
        size: one of its sizes; the usual one where empty.
    """

    id: str
    layer: int | None = None
    size: str = ""


@dataclass(frozen=True)
class EngineChecks:
    """What is to be known of what taps do to the candidate's engine.

    Attributes:
        observer: run it without taps too: ``auto``, ``on`` or ``off``.
        rebuild_noise: and once more, built in another way.
        probe_sets: spread the taps over engines that are faithful.
        aliasing: run it with taps marked in the other way, too.
    """

    observer: str = options.OBSERVER.default
    rebuild_noise: bool = options.REBUILD_NOISE.default
    probe_sets: bool = options.PROBE_SETS.default
    aliasing: bool = options.CHECK_ALIASING.default

    @property
    def comparisons(self) -> tuple[str, ...]:
        """The flags given that compare engines with the one without taps."""
        asked = {
            options.OBSERVER.flag: self.observer == "on",
            options.REBUILD_NOISE.flag: self.rebuild_noise,
            options.PROBE_SETS.flag: self.probe_sets,
        }
        return tuple(flag for flag, given in asked.items() if given)

    @property
    def given(self) -> tuple[str, ...]:
        """Every flag given."""
        return (*self.comparisons, *([options.CHECK_ALIASING.flag] if self.aliasing else []))


@dataclass(frozen=True)
class CandidateRequest:
    """Which port is judged.

    Attributes:
        spec: engine and dtype, an .onnx file or the folder of a dump, as `parity.engines.spec` reads it.
        checkpoint: TensorRT-LLM checkpoint to build the network from; None to convert the reference.
        mapping: file of tensor names, for an .onnx file.
        precision: file that says which operations of the network run in fp32; None to run it as it is.
        memory: what the outputs of an engine may take, such as ``4G``; empty for the engine's own choice.
        fault: defect to plant; None for an honest candidate.
        checks: of its taps.
    """

    spec: str
    checkpoint: Path | None = options.CHECKPOINT.default
    mapping: Path | None = options.MAPPING.default
    precision: Path | None = options.PRECISION.default
    memory: str = options.MEMORY.default
    fault: PlantedFault | None = None
    checks: EngineChecks = field(default_factory=EngineChecks)


@dataclass(frozen=True)
class InputRequest:
    """What goes into the models.

    Attributes:
        prompts: file of prompts; None for those that ship with the bundled model.
        chat_template: put prompts into the tokenizer's chat template.
        tokens: dump whose tokens are taken as they are, instead of prompts.
    """

    prompts: Path | None = options.PROMPTS.default
    chat_template: bool = options.CHAT_TEMPLATE.default
    tokens: Path | None = options.TOKENS.default


@dataclass(frozen=True)
class RunRequest:
    """A whole run.

    Attributes:
        reference: the side that is right by definition.
        candidate: the side that is judged.
        out: folder for everything that the run makes.
        inputs: what goes into both.
        taps: selection, as `parity.taps.select_taps` reads it.
        no_floor: leave the noise floor out.
        no_diagnosis: do not take errors apart.
        judging: limits beyond the shipped ones.
    """

    reference: ReferenceRequest
    candidate: CandidateRequest
    out: Path
    inputs: InputRequest = field(default_factory=InputRequest)
    taps: str = options.TAPS.default
    no_floor: bool = options.NO_FLOOR.default
    no_diagnosis: bool = options.NO_DIAGNOSIS.default
    judging: Judging = field(default_factory=Judging)


@dataclass(frozen=True)
class TuneRequest:
    """A search for the operations that have to run in fp32.

    Attributes:
        candidate: what is tuned: an engine and dtype, or an .onnx file.
        out: folder for everything that the search makes.
        judging: limits beyond the shipped ones; every tap has to be within them.
        max_builds: networks that may be built.
        minutes: no build begins that would end later; None for no limit.
        rate_ratio: how many times slower matrix products are in fp32; None for what is known of the engine.
        timed: measure the run time without and with the operations that were found.
        no_diagnosis: do not take errors apart; suspicion then goes by how R grows from tap to tap.
    """

    candidate: CandidateRequest
    out: Path
    judging: Judging = field(default_factory=Judging)
    max_builds: int = 24
    minutes: float | None = None
    rate_ratio: float | None = None
    timed: bool = True
    no_diagnosis: bool = options.NO_DIAGNOSIS.default
