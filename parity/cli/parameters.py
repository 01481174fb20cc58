"""The table of `parity.options` as typer's parameters: one annotation per option, for the commands to pick from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from parity import options
from parity.option import Option

__all__ = [
    "Attention",
    "CandidateSpec",
    "ChatTemplate",
    "CheckAliasing",
    "Checkpoint",
    "Device",
    "Dtype",
    "DumpOut",
    "Flags",
    "Limits",
    "Mapping",
    "Memory",
    "NoDiagnosis",
    "NoFloor",
    "Observer",
    "OptionalDtype",
    "OptionalReference",
    "Out",
    "Precision",
    "ProbeSets",
    "Prompts",
    "Quiet",
    "RebuildNoise",
    "Reference",
    "ReferenceFolder",
    "RequiredTokens",
    "Strict",
    "Taps",
    "TapsOfTokens",
    "Tokens",
    "Truth",
    "Verbose",
]


def _typed(option: Option[Any], *, help: str = "") -> Any:
    """What typer has to know of `option`; the default stands in the commands' signatures."""
    return typer.Option(
        option.flag,
        metavar=option.metavar or None,
        help=escape(help or option.help),
        rich_help_panel=option.panel,
        show_default=bool(option.default) and not option.is_switch,
        callback=_checked(option) if option.choices else None,
    )


def _checked(option: Option[Any]) -> Any:
    def check(value: str | None) -> str | None:
        if value is not None and value not in option.choices:
            raise typer.BadParameter(f"{value!r} is none of {', '.join(option.choices)}")
        return value

    return check


Reference = Annotated[str, _typed(options.REFERENCE)]
OptionalReference = Annotated[str | None, _typed(options.REFERENCE)]
ReferenceFolder = Annotated[
    str | None,
    _typed(
        options.REFERENCE,
        help="The Hugging Face model that the reference was recorded from, to take errors apart with its weights.",
    ),
]
CandidateSpec = Annotated[str, _typed(options.CANDIDATE)]
Checkpoint = Annotated[Path | None, _typed(options.CHECKPOINT)]
Mapping = Annotated[Path | None, _typed(options.MAPPING)]
Precision = Annotated[Path | None, _typed(options.PRECISION)]
Prompts = Annotated[Path | None, _typed(options.PROMPTS)]
Tokens = Annotated[Path | None, _typed(options.TOKENS)]
RequiredTokens = Annotated[
    Path, _typed(options.TOKENS, help="Dump of the reference: what it was run on, this side is run on.")
]
ChatTemplate = Annotated[bool, _typed(options.CHAT_TEMPLATE)]
Taps = Annotated[str, _typed(options.TAPS)]
Truth = Annotated[str, _typed(options.TRUTH)]
Attention = Annotated[str, _typed(options.ATTENTION)]
Device = Annotated[str, _typed(options.DEVICE)]
Dtype = Annotated[str, _typed(options.DTYPE)]
OptionalDtype = Annotated[str | None, _typed(options.DTYPE)]
NoFloor = Annotated[bool, _typed(options.NO_FLOOR)]
NoDiagnosis = Annotated[bool, _typed(options.NO_DIAGNOSIS)]
Memory = Annotated[str, _typed(options.MEMORY)]
Observer = Annotated[str, _typed(options.OBSERVER)]
RebuildNoise = Annotated[bool, _typed(options.REBUILD_NOISE)]
ProbeSets = Annotated[bool, _typed(options.PROBE_SETS)]
CheckAliasing = Annotated[bool, _typed(options.CHECK_ALIASING)]
Flags = Annotated[list[str], _typed(options.FLAG)]
Limits = Annotated[list[str], _typed(options.LIMIT)]
Strict = Annotated[bool, _typed(options.STRICT)]
Out = Annotated[Path, _typed(options.OUT)]
DumpOut = Annotated[Path, _typed(options.OUT, help="Folder of the dump; one that is there already is replaced.")]
TapsOfTokens = Annotated[
    str | None, _typed(options.TAPS, help=f"{options.TAPS.help} Without it, those of the --tokens dump.")
]

_TERMINAL = "What is shown"
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the verdict.", rich_help_panel=_TERMINAL)]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Print every tap, not only those that matter.", rich_help_panel=_TERMINAL),
]
