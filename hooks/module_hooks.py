"""Taps that a module returns or is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.utils.hooks import RemovableHandle

from parity.hooks.delivery import Delivery
from parity.hooks.families import Family

__all__ = ["observed_modules"]


@contextmanager
def observed_modules(model: nn.Module, family: Family, delivery: Delivery) -> Iterator[None]:
    """While this is open, a forward pass of `model` delivers the taps that `family` sees at modules."""
    handles: list[RemovableHandle] = []
    try:
        for tap in delivery.taps:
            if tap.kind in family.sites:
                site = family.sites[tap.kind]
                register = _register_output if site.side == "output" else _register_input
                handles.append(register(model.get_submodule(site.path(tap)), tap.name, delivery.deliver))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _register_output(module: nn.Module, name: str, deliver: Callable[[str, Any], None]) -> RemovableHandle:
    def hook(module: nn.Module, args: Any, output: Any) -> None:
        deliver(name, output)

    return module.register_forward_hook(hook)


def _register_input(module: nn.Module, name: str, deliver: Callable[[str, Any], None]) -> RemovableHandle:
    def hook(module: nn.Module, args: tuple[Any, ...]) -> None:
        deliver(name, args[0])

    return module.register_forward_pre_hook(hook)
