"""What pytest's options ask for, in the words of `parity.session`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from parity import options
from parity.errors import ParityError
from parity.option import Option
from parity.options import SUITE_OPTIONS
from parity.session import CandidateRequest, EngineChecks, InputRequest, Judging, ReferenceRequest, RunRequest

__all__ = ["asked_judging", "asked_request", "asked_stored_run", "given_options"]

_DEFAULT_OUT = Path("runs/pytest")
_SIDES = (options.REFERENCE, options.CANDIDATE)
_JUDGED = (options.FLAG, options.LIMIT, options.STRICT)


def given_options(config: pytest.Config) -> list[Option[Any]]:
    """The options that say something else than their defaults."""
    return [option for option in SUITE_OPTIONS if _is_given(config, option)]


def asked_stored_run(config: pytest.Config) -> Path | None:
    """The folder of the run that is there already; None where a run has to be made.

    Raises:
        ParityError: there are options beside it that only a new run could honour.
    """
    folder: Path | None = _value(config, options.RUN)
    if folder is None:
        return None
    idle = [option for option in given_options(config) if option not in (options.RUN, *_JUDGED)]
    if idle:
        raise ParityError(
            f"{options.RUN.suite_flag} takes a run as it is, so it can't be had with "
            + ", ".join(option.suite_flag for option in idle),
            cure="leave one or the other out; -k selects taps, and limits can be given to judge it anew",
        )
    return folder


def asked_judging(config: pytest.Config) -> Judging:
    """How to judge, beyond the shipped limits (or those that a run was judged by before).

    Raises:
        ParityError: a flag or limit can't be read.
    """
    return Judging.parse(
        flags=_value(config, options.FLAG),
        limits=_value(config, options.LIMIT),
        strict=_value(config, options.STRICT),
    )


def asked_request(config: pytest.Config) -> RunRequest:
    """The run to make.

    Raises:
        ParityError: a side is missing, or a flag or limit can't be read.
    """
    missing = [option.suite_flag for option in _SIDES if not _is_given(config, option)]
    if missing:
        raise ParityError(
            f"the layer parity suite was not told what to compare: no {' and no '.join(missing)}",
            cure=f"give {options.REFERENCE.suite_flag} DIR_OR_HUB_ID {options.CANDIDATE.suite_flag} onnxruntime:fp16, "
            f"or {options.RUN.suite_flag} DIR for a run that is there already",
        )
    return RunRequest(
        reference=ReferenceRequest(
            _value(config, options.REFERENCE),
            truth=_value(config, options.TRUTH),
            attention=_value(config, options.ATTENTION),
            device=_value(config, options.DEVICE),
        ),
        candidate=CandidateRequest(
            _value(config, options.CANDIDATE),
            checkpoint=_value(config, options.CHECKPOINT),
            mapping=_value(config, options.MAPPING),
            precision=_value(config, options.PRECISION),
            memory=_value(config, options.MEMORY),
            checks=EngineChecks(
                _value(config, options.OBSERVER),
                _value(config, options.REBUILD_NOISE),
                _value(config, options.PROBE_SETS),
                _value(config, options.CHECK_ALIASING),
            ),
        ),
        out=_value(config, options.OUT) or _DEFAULT_OUT,
        inputs=InputRequest(
            _value(config, options.PROMPTS),
            chat_template=_value(config, options.CHAT_TEMPLATE),
            tokens=_value(config, options.TOKENS),
        ),
        taps=_value(config, options.TAPS),
        no_floor=_value(config, options.NO_FLOOR),
        no_diagnosis=_value(config, options.NO_DIAGNOSIS),
        judging=asked_judging(config),
    )


def _value(config: pytest.Config, option: Option[Any]) -> Any:
    return config.getoption(option.suite_dest)


def _is_given(config: pytest.Config, option: Option[Any]) -> bool:
    value = _value(config, option)
    return bool(value) and value != option.default
