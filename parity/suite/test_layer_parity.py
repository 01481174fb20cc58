"""One test per phase and tap of the run that pytest's ``--parity-…`` options ask for."""

from __future__ import annotations

import pytest

from parity.errors import ParityError
from parity.suite.check import check_observer, check_row
from parity.suite.judged_run import SuiteRow, suite_rows


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make or read the run, and one test per row, in graph order."""
    try:
        rows = suite_rows(metafunc.config)
    except ParityError as error:
        raise pytest.Collector.CollectError(f"error: {error}") from error
    metafunc.parametrize("suite_row", [pytest.param(row, id=row.key) for row in rows])


def test_layer_parity(suite_row: SuiteRow, request: pytest.FixtureRequest) -> None:
    """The candidate stays as close to the truth as rounding in its dtype allows: at this tap, or without any taps."""
    run, row = suite_row.run, suite_row.row
    if row is None:
        check_observer(run.comparison)
    else:
        check_row(run.comparison, row, run=str(run.folder), item=request.node)
