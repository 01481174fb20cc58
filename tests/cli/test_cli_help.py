"""What the command line says about itself, and what saying it costs."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import takewhile

import pytest
from command_line import Command

from parity import options
from parity.options import SUITE_OPTIONS
from parity.version import VERSION

COMMANDS = [
    ("demo",),
    ("run",),
    ("record",),
    ("record", "reference"),
    ("record", "floor"),
    ("record", "candidate"),
    ("compare",),
    ("diagnose",),
    ("build",),
    ("lint",),
    ("tune",),
    ("report",),
]


def test_without_arguments_it_explains_itself(parity: Command) -> None:
    outcome = parity()
    assert outcome.status == 0
    assert "parity demo" in outcome.out
    assert all(name in outcome.out for (name, *_) in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(parity: Command, command: tuple[str, ...]) -> None:
    outcome = parity(*command, "--help")
    assert outcome.status == 0
    assert "Example" in outcome.out
    assert f"parity {' '.join(command)}" in outcome.out.partition("Example")[2]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_fits_eighty_columns(parity: Command, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = parity(*command, "--help").out
    assert max(map(len, text.splitlines())) <= 80
    # A line that was broken at the edge goes on at the left margin; such an example can't be copied.
    lines = iter(text.partition("Example")[2].splitlines()[1:])
    examples = list(takewhile(lambda line: line.strip(), lines))
    broken = [line for line in examples if not re.match(r" {3,}(parity|--)", line)]
    assert examples
    assert broken == [], text


def test_the_version_is_the_package_s(parity: Command) -> None:
    assert parity("--version").out.strip() == f"layer-parity {VERSION}"


@pytest.mark.parametrize("arguments", [("nonsense",), ("run",), ("compare", "one"), ("run", "--truth", "fp8")], ids=str)
def test_misuse_ends_with_2(parity: Command, arguments: tuple[str, ...]) -> None:
    outcome = parity(*arguments)
    assert outcome.status == 2
    assert "Usage" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_run_takes_every_option_of_the_suite(parity: Command) -> None:
    text = parity("run", "--help").out
    only_in_pytest = {options.RUN}
    assert [option.flag for option in SUITE_OPTIONS if option not in only_in_pytest and option.flag not in text] == []


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["report", "--help"]], ids=" ".join)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from parity.cli import main\n"
        f"sys.argv = ['parity', *{arguments!r}]\n"
        "try:\n    main()\n"
        "finally:\n"
        "    heavy = {'torch', 'transformers', 'pandas', 'matplotlib', 'onnxruntime', 'onnx_ir', 'jinja2'}\n"
        "    print('heavy:', sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "heavy: []"


def test_python_m_parity_is_the_same_command() -> None:
    done = subprocess.run([sys.executable, "-m", "parity", "--version"], capture_output=True, text=True, check=True)
    assert VERSION in done.stdout
