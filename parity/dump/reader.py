"""Reading a dump: checked when it is opened, loaded tap by tap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes  # noqa: F401  (numpy knows bfloat16 only where this was imported)
import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from parity.dump.manifest import SCHEMA_VERSION, Manifest, PhaseRecord
from parity.dump.writer import MANIFEST
from parity.errors import ParityError
from parity.serial import read_json
from parity.tokens import TokenBatch

__all__ = ["Dump", "PhaseDump", "TapArrays"]


class TapArrays(Mapping[str, "npt.NDArray[Any]"]):
    """The taps of one phase, each read from disk when asked for; padding holds zeros."""

    def __init__(self, folder: Path, record: PhaseRecord, mask: npt.NDArray[np.bool_]) -> None:
        self._folder = folder
        self._taps = {tap.name: tap for tap in record.taps}
        self._mask = mask

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        tap = self._taps[name]
        stored = _read_tensor(self._folder / tap.file, name)
        return _padded(stored, tap.shape, self._mask) if tap.packed else stored

    def __iter__(self) -> Iterator[str]:
        return iter(self._taps)

    def __len__(self) -> int:
        return len(self._taps)


@dataclass(frozen=True, eq=False)
class PhaseDump:
    """One phase of a dump: what went in, and what was captured."""

    name: str
    tokens: TokenBatch
    arrays: Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Dump:
    """A dump on disk."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path) -> Dump:
        """Open the dump in the folder `path` and check that it is whole.

        Raises:
            ParityError: the folder is missing, is no finished dump, was written by another schema version, or a file in
                it is missing, truncated or holds something else than the manifest says.
        """
        path = Path(path)
        if path.is_file():
            raise ParityError(
                f"{path}: a file, expected the folder of a dump", cure=f"name the folder that holds {MANIFEST}"
            )
        if not path.is_dir():
            raise ParityError(f"{path}: no such folder", cure="name the folder of a dump (parity record makes one)")
        if not (path / MANIFEST).is_file():
            raise ParityError(f"{path}: holds no {MANIFEST}, so it is no finished dump", cure=_cure(path))
        manifest = read_json(path / MANIFEST, Manifest)
        if manifest.schema_version != SCHEMA_VERSION:
            raise ParityError(
                f"{path}: schema version {manifest.schema_version}, this version reads {SCHEMA_VERSION}",
                cure="record it again, or install the version that wrote it",
            )
        for record in manifest.phases:
            _check_phase(path, record)
        return cls(path, manifest)

    def phase(self, name: str) -> PhaseDump:
        """The phase called `name`.

        Raises:
            ParityError: there is none.
        """
        for record in self.manifest.phases:
            if record.name == name:
                tokens = _read_tokens(self.path, record)
                return PhaseDump(name, tokens, TapArrays(self.path, record, tokens.mask))
        raise ParityError(
            f"{self.path}: no phase {name!r}",
            cure="there are " + ", ".join(p.name for p in self.manifest.phases),
        )


def _padded(stored: npt.NDArray[Any], shape: tuple[int, ...], mask: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    array = np.zeros(shape, dtype=stored.dtype)
    array[mask] = stored
    return array


def _cure(folder: Path) -> str:
    within = sorted(manifest.parent for manifest in folder.glob(f"*/{MANIFEST}"))
    return f"name a dump in it: {', '.join(map(str, within))}" if within else "record it again"


def _check_phase(folder: Path, record: PhaseRecord) -> None:
    real_tokens = int(_read_tokens(folder, record).mask.sum())
    by_file: dict[str, dict[str, tuple[int, ...]]] = {}
    for tap in record.taps:
        by_file.setdefault(tap.file, {})[tap.name] = tap.stored_shape(real_tokens)
    for file, expected in by_file.items():
        found = _shapes(folder / file)
        if found != expected:
            wrong = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
            raise ParityError(
                f"{folder / file}: differs from the manifest at {', '.join(wrong[:5])}", cure="record it again"
            )


def _read_tokens(folder: Path, record: PhaseRecord) -> TokenBatch:
    file = folder / record.tokens_file
    ids, mask, positions = (_read_tensor(file, name) for name in ("ids", "mask", "positions"))
    tokens = TokenBatch(ids, mask, positions, record.pieces)
    if tokens.digest != record.tokens_digest:
        raise ParityError(f"{file}: holds other tokens than the manifest says", cure="record it again")
    return tokens


def _shapes(file: Path) -> dict[str, tuple[int, ...]]:
    with _opened(file) as tensors:
        return {name: tuple(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118


def _read_tensor(file: Path, name: str) -> npt.NDArray[Any]:
    with _opened(file) as tensors:
        try:
            array: npt.NDArray[Any] = tensors.get_tensor(name)
        except SafetensorError as error:
            raise ParityError(f"{file}: can't read {name!r} ({error})", cure="record it again") from error
    return np.asarray(array)


def _opened(file: Path) -> Any:
    try:
        return safe_open(file, framework="numpy")
    except FileNotFoundError as error:
        raise ParityError(f"{file}: missing from the dump", cure="record it again") from error
    except (SafetensorError, OSError) as error:
        raise ParityError(f"{file}: truncated or no safetensors file ({error})", cure="record it again") from error
