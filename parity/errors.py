"""The one exception that users are meant to see, with the cure beside the problem."""

from __future__ import annotations

__all__ = ["ParityError"]


class ParityError(Exception):
    """Misuse or bad input: the command line prints it without a traceback and exits with 2.

    Attributes:
        problem: what is wrong, naming the thing (key, path, tap), what was expected and what was found.
        cure: what the reader can do about it, as an imperative sentence; empty where nothing helps.
    """

    def __init__(self, problem: str, *, cure: str = "") -> None:
        super().__init__(f"{problem}\n  cure: {cure}" if cure else problem)
        self.problem = problem
        self.cure = cure
