"""The entry point: runs a command and turns what happens into an exit status."""

from __future__ import annotations

import sys
import traceback

from parity.cli.app import app
from parity.cli.status import DEFECT, INTERRUPTED, MISUSE, PARITY
from parity.errors import ParityError

__all__ = ["main"]


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
    except ParityError as error:
        return _misuse(error.problem, error.cure)
    except OSError as error:
        cure = "check the path, its permissions and the space on its disk"
        return _misuse(f"{error.filename or 'writing'}: {error.strerror or error}", cure)
    except Exception:
        traceback.print_exc()
        _say("error: this is a defect of layer-parity itself; please report it with the lines above")
        return DEFECT
    return PARITY


def _status_of(finished: SystemExit) -> int:
    status = finished.code if isinstance(finished.code, int) else PARITY if finished.code is None else MISUSE
    return _interrupted() if status == INTERRUPTED else status


def _interrupted() -> int:
    _say("interrupted: what was being recorded is not kept")
    return INTERRUPTED


def _misuse(problem: str, cure: str) -> int:
    _say(f"error: {problem}")
    if cure:
        _say(f"cure:  {cure}")
    return MISUSE


def _say(line: str) -> None:
    print(line, file=sys.stderr)
