"""Who may import whom and what, read from the source: imports inside functions and for types count too."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SOURCES = {"parity": "parity", "hooks": "parity.hooks", "reports": "parity.reports", "qwen_trt_model": "qwen_trt_model"}
"""Each folder, and the name that its code is imported by."""

ISLANDS = ("parity.hooks", "parity.reports", "qwen_trt_model")
"""They do not know one another."""

BINDERS = ("parity.__main__", "parity.cli", "parity.pytest_plugin", "parity.selftest", "parity.session", "parity.suite")
"""They put the others together; nothing that they put together knows them."""

LIGHT = {"ml_dtypes", "numpy", "safetensors"}
"""What the core is made of."""

HEAVY = {
    "parity.cli": {"rich", "typer"},
    "parity.engines": {"onnx_ir", "onnxruntime", "polygraphy", "pynvml", "tensorrt"},
    "parity.hooks": {"huggingface_hub", "torch", "transformers"},
    "parity.layerwise": {"onnx_ir"},
    "parity.pytest_plugin": {"_pytest", "pytest"},
    "parity.reports": {"ipywidgets", "jinja2", "markupsafe", "matplotlib", "pandas", "rich"},
    "parity.session": {"onnx_ir"},
    "parity.suite": {"_pytest", "pytest"},
    "qwen_trt_model": {"onnx_ir"},
    "qwen_trt_model.training": {"tokenizers", "torch", "transformers"},
}
"""Who may import what else."""

LAZY = {"huggingface_hub", "ipywidgets", "onnxruntime", "polygraphy", "pynvml", "tensorrt"}
"""Imported within functions alone: whoever does not use them need not have them."""

SEAMS = {
    "parity.digest",
    "parity.dtypes",
    "parity.engines.network_info",
    "parity.errors",
    "parity.finding",
    "parity.formatting",
    "parity.layerwise.parts",
    "parity.replay.parameters",
    "parity.serial",
    "parity.taps",
}
"""What a network is made of beside its own code: taps, what it tells an engine and a replay, and files and words."""


@cache
def modules() -> Mapping[str, ast.Module]:
    """Every module by the name that it is imported by."""
    found = {}
    for folder, name in SOURCES.items():
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            linked = folder == "parity" and parts[0] in ("hooks", "reports")
            if not linked:
                dotted = ".".join((name, *parts)).removesuffix(".__init__")
                found[dotted] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def names_imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports say the whole name"
            whole = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in modules() else str(node.module) for name in whole)


def without_function_bodies(tree: ast.Module) -> ast.Module:
    """What runs when the module is imported, where types are not imported."""

    class Outside(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)

    parsed = Outside().visit(ast.parse(ast.unparse(tree)))
    assert isinstance(parsed, ast.Module)
    return parsed


def inside(name: str, packages: tuple[str, ...] | set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@cache
def edges() -> frozenset[tuple[str, str]]:
    """Every import of one of our modules by another."""
    pairs = ((name, other) for name, tree in modules().items() for other in names_imported(tree))
    return frozenset((name, other) for name, other in pairs if inside(other, {"parity", "qwen_trt_model"}))


def test_every_module_is_read() -> None:
    for name in ("parity", "parity.taps", "parity.hooks.model", "parity.reports.rows", "qwen_trt_model.graph.ops"):
        assert name in modules()
    assert ("parity.hooks.inputs", "parity.tokens") in edges()
    assert not {name for name in modules() if name.endswith("__init__")}


def test_the_core_knows_no_island_and_nobody_who_binds() -> None:
    core = [(a, b) for a, b in edges() if not inside(a, ISLANDS) and not inside(a, BINDERS)]
    assert core
    assert [(a, b) for a, b in core if inside(b, ISLANDS) or inside(b, BINDERS)] == []


@pytest.mark.parametrize("island", ISLANDS)
def test_an_island_knows_the_core_and_itself_alone(island: str) -> None:
    others = tuple(other for other in ISLANDS if other != island)
    known = [(a, b) for a, b in edges() if inside(a, (island,))]
    assert known
    assert [(a, b) for a, b in known if inside(b, others) or inside(b, BINDERS)] == []


def test_a_network_knows_taps_and_seams_of_the_core_alone() -> None:
    known = {b for a, b in edges() if inside(a, {"qwen_trt_model"}) and inside(b, {"parity"})}
    assert known <= SEAMS, known - SEAMS


def test_imports_make_no_circle() -> None:
    names = modules()
    graph = {
        name: {other for other in names_imported(without_function_bodies(tree)) if other in names and other != name}
        for name, tree in names.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"{error.args[1]}")


def test_packages_of_the_core_make_no_circle_even_by_lazy_imports_and_types() -> None:
    """Any two of `parity.engines`, `parity.replay` … can be read one without the other."""
    graph: dict[str, set[str]] = {}
    for pair in edges():
        a, b = (".".join(name.split(".")[:2]) if inside(name, {"parity"}) else "qwen_trt_model" for name in pair)
        if a != b:
            graph.setdefault(a, set()).add(b)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"{error.args[1]}")


def foreign(tree: ast.AST) -> set[str]:
    """The packages of others that `tree` imports."""
    tops = {name.split(".")[0] for name in names_imported(tree)}
    return tops - set(sys.stdlib_module_names) - {"parity", "qwen_trt_model"}


def test_heavy_packages_are_imported_where_they_belong_alone() -> None:
    for name, tree in modules().items():
        allowed = LIGHT.union(*(heavy for package, heavy in HEAVY.items() if inside(name, (package,))))
        assert foreign(tree) <= allowed, (name, foreign(tree) - allowed)


def test_engines_are_imported_when_they_run() -> None:
    for name, tree in modules().items():
        assert not foreign(without_function_bodies(tree)) & LAZY, name


def listed(tree: ast.Module) -> list[str] | None:
    """`__all__` of a module."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names = ast.literal_eval(node.value)
            assert isinstance(names, list)
            return names
    return None


def test_every_module_lists_what_it_offers() -> None:
    empty = {name for name, tree in modules().items() if len(tree.body) == 1}  # a docstring alone
    left_out = {"parity.__main__", "parity.suite.test_layer_parity", "qwen_trt_model.training.__main__"}
    assert {name for name, tree in modules().items() if listed(tree) is None} == empty | left_out


def test_what_is_imported_is_offered() -> None:
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in modules():
                offered = listed(modules()[node.module])
                asked = {alias.name for alias in node.names if f"{node.module}.{alias.name}" not in modules()}
                assert offered is None or asked <= set(offered), (name, node.module, asked - set(offered))
