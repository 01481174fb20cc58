"""Dumps: what one side computed, at rest in a folder."""

from parity.dump.manifest import SCHEMA_VERSION, Manifest, PhaseRecord, TapRecord
from parity.dump.reader import Dump, PhaseDump, TapArrays
from parity.dump.writer import DumpWriter, whole_folder

__all__ = [
    "SCHEMA_VERSION",
    "Dump",
    "DumpWriter",
    "Manifest",
    "PhaseDump",
    "PhaseRecord",
    "TapArrays",
    "TapRecord",
    "whole_folder",
]
