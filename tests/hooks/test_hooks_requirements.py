"""What `import parity.hooks` says where a library is missing or of another version."""

from __future__ import annotations

import subprocess
import sys

import pytest
import transformers

from parity.errors import ParityError
from parity.hooks.requirements import require_libraries

_CURE = 'pip install "torch>=2.6" "transformers>=5.17,<6"'


@pytest.mark.parametrize("name", ["torch", "transformers"])
def test_a_missing_library_is_named_with_the_cure(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ParityError, match=rf"needs torch and transformers \(import of {name} halted") as caught:
        require_libraries()
    assert caught.value.cure == _CURE


@pytest.mark.parametrize("version", ["4.57.6", "5.16.1", "6.0.0.dev0"])
def test_another_transformers_is_refused_with_its_version(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformers, "__version__", version)
    with pytest.raises(ParityError, match=f"found {version}") as caught:
        require_libraries()
    assert caught.value.cure == _CURE


@pytest.mark.parametrize("version", ["5.17.0", "5.23.0", "5.100.1.dev0"])
def test_transformers_5_is_taken_from_17_on(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformers, "__version__", version)
    require_libraries()


def test_importing_the_package_without_torch_says_so_in_one_line() -> None:
    code = "import sys; sys.modules['torch'] = None; import parity.hooks"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ParityError: the PyTorch side needs torch and transformers" in done.stderr
