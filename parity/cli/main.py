"""The entry point: runs a command and turns what happens into an exit status."""

from __future__ import annotations

import sys
import traceback

from parity.cli.app import app
from parity.cli.status import DEFECT, INTERRUPTED, MISUSE, PARITY
from parity.errors import ParityError

__all__ = ["main"]

_OUR_MODULES = ("parity", "qwen_trt_model")


def main() -> None:
    """Run the command line and exit: 0 parity, 1 divergence, 2 misuse or bad input."""
    sys.exit(_run())


def _run() -> int:
    try:
        app()
    except SystemExit as finished:
        return _status_of(finished)
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:
        cause = _understood(error)
        return _defect() if cause is None else _misuse(cause)
    return PARITY


def _understood(error: Exception) -> ParityError | None:
    """What users can do something about, in their words; None for a defect of ours."""
    if isinstance(error, ParityError):
        return error
    if isinstance(error, OSError):
        cure = "check the path, its permissions and the space on its disk"
        return ParityError(f"{error.filename or 'writing'}: {error.strerror or error}", cure=cure)
    if isinstance(error, MemoryError):
        cure = "capture less with --taps blocks, or give fewer or shorter prompts"
        return ParityError(f"not enough memory ({error})", cure=cure)
    if isinstance(error, ModuleNotFoundError) and str(error.name).split(".")[0] not in _OUR_MODULES:
        return ParityError(f"{error.name} is needed for this and not installed", cure=f"pip install {error.name}")
    return None


def _status_of(finished: SystemExit) -> int:
    status = finished.code if isinstance(finished.code, int) else PARITY if finished.code is None else MISUSE
    return _interrupted() if status == INTERRUPTED else status


def _interrupted() -> int:
    _say("interrupted: what was being recorded is not kept")
    return INTERRUPTED


def _defect() -> int:
    traceback.print_exc()
    _say("error: this is a defect of layer-parity itself; please report it with the lines above")
    return DEFECT


def _misuse(error: ParityError) -> int:
    _say(f"error: {error.problem}")
    if error.cure:
        _say(f"cure:  {error.cure}")
    return MISUSE


def _say(line: str) -> None:
    print(line, file=sys.stderr)
