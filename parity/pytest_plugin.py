"""pytest's side of parity. Without its options, and without its suite, it does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from parity.errors import ParityError
from parity.message import first_divergence_sentence, verdict_line
from parity.options import RUN, SUITE_OPTIONS, Option
from parity.suite.asked import given_options, is_asked_for
from parity.suite.judged_run import HANDED_OVER, JUDGED_RUN, SUITE_COLLECTED, judged_run

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


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
    if not is_asked_for(config) or config.getoption(RUN.suite_dest):
        return
    try:
        node.workerinput[HANDED_OVER] = str(judged_run(config).folder.absolute())
    except ParityError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse options of the suite where it was not collected: they would check nothing."""
    config = session.config
    if is_asked_for(config) and SUITE_COLLECTED not in config.stash:
        given = ", ".join(option.suite_flag for option in given_options(config))
        raise pytest.UsageError(
            f"{given}: the layer parity suite was not collected, so nothing was compared\n"
            "  cure: add --pyargs parity.suite"
        )


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Say in one sentence which tap leaves the reference first, and where the report is."""
    if JUDGED_RUN not in config.stash or config.get_verbosity() < 0:
        return
    run = config.stash[JUDGED_RUN]
    terminalreporter.section("layer parity")
    terminalreporter.write_line(verdict_line(run.comparison))
    terminalreporter.write_line(first_divergence_sentence(run.comparison))
    if (run.folder / "report.html").is_file():
        terminalreporter.write_line(f"report: {run.folder / 'report.html'}")
