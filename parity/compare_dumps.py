"""Comparing dumps: refuses what can't be compared, then compares phase by phase."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from parity.compare import Subject, compare
from parity.comparison import SCHEMA_VERSION, Comparison, Prompt, Side
from parity.dtypes import dtype_info
from parity.dump import Dump
from parity.errors import ParityError
from parity.limits import Limits, default_limits
from parity.preflight.token_difference import describe_token_difference
from parity.tokens import TokenBatch
from parity.version import VERSION

__all__ = ["compare_dumps", "phase_subject"]

_PROMPT_PREVIEW = 200


def compare_dumps(
    reference: Dump,
    candidate: Dump,
    *,
    floors: Sequence[Dump] = (),
    limits: Limits | None = None,
    relative_to: Path | None = None,
) -> Comparison:
    """Compare and judge every tap of every phase.

    Args:
        reference: the truth.
        candidate: what is judged.
        floors: runs of the reference implementation in the candidate's dtype; the noisiest counts.
        limits: by default `default_limits` of the candidate's dtype.
        relative_to: folder of the comparison; paths of dumps are written relative to it.

    Raises:
        ParityError: the dumps hold different tokens, other weights on the reference's side, a floor in another
            dtype than the candidate's, or a truth no finer than the floor; or no tap could be compared.
    """
    started = time.perf_counter()
    for other in (candidate, *floors):
        _require_same_tokens(reference, other)
    for floor in floors:
        _require_usable_floor(reference, candidate, floor)
    limits = limits or default_limits(candidate.manifest.runner.dtype)
    rows = [
        row
        for phase in reference.manifest.phases
        for row in compare(phase_subject(phase.name, reference, candidate, floors=floors), limits)
    ]
    first = reference.phase(reference.manifest.phases[0].name).tokens
    return Comparison(
        SCHEMA_VERSION,
        VERSION,
        _side(reference, relative_to),
        _side(candidate, relative_to),
        _side(floors[0], relative_to) if floors else None,
        limits,
        _prompts(first),
        tuple(rows),
        round(time.perf_counter() - started, 3),
        other_floors=tuple(_side(floor, relative_to) for floor in floors[1:]),
    )


def phase_subject(name: str, reference: Dump, candidate: Dump, *, floors: Sequence[Dump]) -> Subject:
    """What is compared in the phase called `name`; taps are read from the dumps when they are asked for."""
    truth = reference.phase(name)
    runner = candidate.manifest.runner
    return Subject(
        phase=name,
        tokens=truth.tokens,
        graph=reference.manifest.runner.graph | runner.graph,
        reference=truth.arrays,
        candidate=candidate.phase(name).arrays,
        candidate_dtype=runner.dtype,
        floors=[floor.phase(name).arrays for floor in floors],
        not_observable=runner.not_observable,
    )


def _require_same_tokens(reference: Dump, other: Dump) -> None:
    expected = {phase.name: phase.tokens_digest for phase in reference.manifest.phases}
    found = {phase.name: phase.tokens_digest for phase in other.manifest.phases}
    if set(expected) != set(found):
        raise ParityError(
            f"{reference.path} has the phases {sorted(expected)}, {other.path} has {sorted(found)}",
            cure="record both sides with the same phases",
        )
    for name, digest in expected.items():
        if found[name] != digest:
            raise ParityError(
                f"phase {name!r}: {reference.path} and {other.path} ran different tokens, so no layer can be compared"
                f" ({describe_token_difference(reference.phase(name).tokens, other.phase(name).tokens)})",
                cure="record the other side from the reference's tokens: parity record … --tokens REFERENCE_DUMP",
            )


def _require_usable_floor(reference: Dump, candidate: Dump, floor: Dump) -> None:
    truth, side, noise = (dump.manifest.runner for dump in (reference, candidate, floor))
    if noise.dtype != side.dtype:
        raise ParityError(
            f"{floor.path}: a floor in {noise.dtype} says nothing about a candidate in {side.dtype}",
            cure=f"record the floor in {side.dtype}: parity record floor --dtype {dtype_info(side.dtype).short}",
        )
    if dtype_info(truth.dtype).unit_roundoff >= dtype_info(noise.dtype).unit_roundoff:
        raise ParityError(
            f"{reference.path}: a truth in {truth.dtype} is no finer than the floor in {noise.dtype}",
            cure="record the reference with --truth fp64",
        )
    if noise.weights_digest != truth.weights_digest:
        raise ParityError(
            f"{floor.path}: was run with other weights than {reference.path}",
            cure="record reference and floor from one folder",
        )


def _side(dump: Dump, relative_to: Path | None) -> Side:
    runner = dump.manifest.runner
    path = os.path.relpath(dump.path, relative_to) if relative_to else str(dump.path)
    return Side(
        dump.manifest.role,
        runner.name,
        runner.model,
        runner.dtype,
        runner.weights_digest,
        dict(runner.versions),
        dict(runner.flags),
        path,
    )


def _prompts(tokens: TokenBatch) -> tuple[Prompt, ...]:
    texts = ["".join(pieces)[:_PROMPT_PREVIEW] for pieces in tokens.pieces]
    texts += [""] * (len(tokens.lengths) - len(texts))
    return tuple(Prompt(length, text) for length, text in zip(tokens.lengths, texts, strict=True))
