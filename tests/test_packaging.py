"""What is installed: the wheel holds the packages, the templates and the bundled model, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    # A copy, because building writes into the source tree.
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, tracked.stdout.decode().split("\0")):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        origin = ROOT / name
        if origin.is_symlink():
            target.symlink_to(origin.readlink())
        elif origin.is_file():
            target.write_bytes(origin.read_bytes())
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*build, str(source)], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_only_our_two_names_are_installed(wheel_names: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"parity", "qwen_trt_model"}


def test_every_module_is_in_the_wheel(wheel_names: list[str]) -> None:
    for package in ("parity", "qwen_trt_model"):
        modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / package).rglob("*.py")}
        assert modules <= set(wheel_names), sorted(modules - set(wheel_names))


def test_linked_folders_are_in_the_wheel(wheel_names: list[str]) -> None:
    for folder in ("hooks", "reports"):
        modules = {f"parity/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / folder).rglob("*.py")}
        assert modules, folder
        assert modules <= set(wheel_names), sorted(modules - set(wheel_names))


@pytest.mark.parametrize(
    "name",
    [
        "parity/py.typed",
        "qwen_trt_model/py.typed",
        "qwen_trt_model/bundled/model.safetensors",
        "qwen_trt_model/bundled/config.json",
        "qwen_trt_model/bundled/tokenizer.json",
        "qwen_trt_model/bundled/default_prompts.jsonl",
    ],
)
def test_data_travels_with_the_code(wheel_names: list[str], name: str) -> None:
    assert name in wheel_names


def test_templates_travel_with_the_code(wheel_names: list[str]) -> None:
    for folder in ("templates", "figures"):
        parts = {path.relative_to(ROOT).as_posix() for path in (ROOT / "reports/html" / folder).iterdir()}
        assert parts, folder
        assert {f"parity/{part}" for part in parts} <= set(wheel_names)


def test_no_test_is_installed(wheel_names: list[str]) -> None:
    assert not [name for name in wheel_names if name.startswith(("tests/", "notebooks/", "benchmarks/"))]
