"""How the modules here are entered: bad input ends in two lines, not in a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable

from parity.errors import ParityError

__all__ = ["enter"]

_MISUSE = 2


def enter(main: Callable[[], None]) -> None:
    """Run `main`; exit with 2 on what the reader can do something about."""
    try:
        main()
    except ParityError as error:
        print(f"error: {error.problem}\ncure:  {error.cure}", file=sys.stderr)
        sys.exit(_MISUSE)
