"""The command line: thin, with the options of `parity.options` and the work in `parity.session`."""

from parity.cli.main import main

__all__ = ["main"]
