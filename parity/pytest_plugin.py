"""pytest's side of parity. Without its options, and without its suite, it does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from parity.errors import ParityError
from parity.option import Option
from parity.options import RUN, SUITE_OPTIONS
from parity.suite.asked import given_options

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

__all__ = ["pytest_addoption", "pytest_collection_finish", "pytest_configure_node", "pytest_terminal_summary"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of `parity.options`, each as ``--parity-…``."""
    group = parser.getgroup("layer parity", "layer parity, with --pyargs parity.suite")
    for option in SUITE_OPTIONS:
        # argparse formats help texts with %.
        text = option.help.replace("%", "%%")
        group.addoption(option.suite_flag, dest=option.suite_dest, help=text, **_argument(option))


def _argument(option: Option[Any]) -> dict[str, Any]:
    """The rest of what argparse has to know."""
    if option.is_switch:
        return {"action": "store_true", "default": option.default}
    action, default = ("append", []) if option.is_repeatable else ("store", option.default)
    return {
        "action": action,
        "default": default,
        "type": option.convert,
        "choices": option.choices or None,
        "metavar": option.metavar,
    }


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """With pytest-xdist: make the run once, before the workers start, and hand them its folder."""
    config: pytest.Config = node.config
    if not given_options(config) or config.getoption(RUN.suite_dest):
        return
    from parity.suite.judged_run import HANDED_OVER, judged_run

    try:
        node.workerinput[HANDED_OVER] = str(judged_run(config).folder.absolute())
    except ParityError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse options of the suite where it was not collected: they would check nothing."""
    given = given_options(session.config)
    if not given:
        return
    from parity.suite.judged_run import SUITE_COLLECTED

    if SUITE_COLLECTED not in session.config.stash:
        raise pytest.UsageError(
            f"{', '.join(option.suite_flag for option in given)}: the layer parity suite was not collected, so nothing "
            "was compared\n  cure: add --pyargs parity.suite"
        )


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Say in one sentence which tap leaves the reference first, and where the report is."""
    if not given_options(config) or config.get_verbosity() < 0:
        return
    from parity.suite.judged_run import summary_lines

    lines = summary_lines(config)
    if lines:
        terminalreporter.section("layer parity")
    for line in lines:
        terminalreporter.write_line(line)
