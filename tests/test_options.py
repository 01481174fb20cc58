"""The table of options, which typer and pytest both read."""

from __future__ import annotations

import inspect

import pytest

from parity import options
from parity.cli.run import run
from parity.option import Option
from parity.options import SUITE_OPTIONS

ALL = [value for value in vars(options).values() if isinstance(value, Option)]


@pytest.mark.parametrize("option", ALL, ids=lambda option: option.name)
def test_every_option_explains_itself_in_sentences(option: Option[object]) -> None:
    assert option.help[0].isupper()
    assert option.help.endswith(".")
    assert bool(option.metavar) != option.is_switch
    assert not option.choices or option.default in (None, *option.choices)


def test_names_are_unique() -> None:
    assert len({option.name for option in ALL}) == len(ALL)


def test_parity_run_and_pytest_take_the_same_options_with_the_same_defaults() -> None:
    here_only, there_only = {"quiet", "verbose"}, {"run"}
    parameters = inspect.signature(run).parameters
    assert set(parameters) - here_only == {o.name.replace("-", "_") for o in SUITE_OPTIONS} - there_only
    for option in SUITE_OPTIONS:
        parameter = parameters.get(option.name.replace("-", "_"))
        if parameter is not None and parameter.default is not inspect.Parameter.empty:
            assert (parameter.default or None) == (option.default or None)  # [] and () are both nothing
