"""What became of a graph's nodes in ONNX Runtime, as its profile of the first run tells."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from parity.runner import EngineLayer

__all__ = ["FirstRun"]

_SUFFIX = "_kernel_time"


class FirstRun:
    """Profiles one run of a session; what it costs can't be told from chance."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="parity-profile-")
        self._layers: tuple[EngineLayer, ...] | None = None

    def prepare(self, settings: Any) -> None:
        """Ask for the profile; `settings` are ONNX Runtime's own, of a session that is not open yet."""
        settings.enable_profiling = True
        settings.profile_file_prefix = str(Path(self._folder.name) / "run")

    def layers(self, session: Any) -> tuple[EngineLayer, ...]:
        """The nodes of `session`, which has run, in the order in which it runs them."""
        if self._layers is None:
            events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
            self._folder.cleanup()
            self._layers = tuple(_layer(event) for event in events if event.get("cat") == "Node")
        return self._layers


def _layer(event: dict[str, Any]) -> EngineLayer:
    details = event.get("args", {})
    outputs = tuple(kind for output in details.get("output_type_shape", []) for kind in output)
    return EngineLayer(event["name"].removesuffix(_SUFFIX), str(details.get("op_name", "")), outputs)
