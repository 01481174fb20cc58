"""torch and transformers, or one message that says how to get them."""

from __future__ import annotations

from parity.errors import ParityError

__all__ = ["require_libraries"]

_CURE = 'pip install "torch>=2.6" "transformers>=5.17,<6"'
_OLDEST, _BEYOND = (5, 17), (6, 0)


def require_libraries() -> None:
    """Import torch and transformers.

    Raises:
        ParityError: one of them is missing, or transformers is older than 5.17 or from 6 on.
    """
    try:
        import torch  # noqa: F401
        import transformers
    except ImportError as error:
        raise ParityError(f"the PyTorch side needs torch and transformers ({error})", cure=_CURE) from error
    found = tuple(int(part) for part in transformers.__version__.split(".")[:2])
    if not _OLDEST <= found < _BEYOND:
        raise ParityError(
            f"transformers 5.17 or newer, below 6, is needed; found {transformers.__version__}", cure=_CURE
        )
