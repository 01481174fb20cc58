"""The commands under one name."""

from __future__ import annotations

import typer

from parity.cli.build import build
from parity.cli.compare import compare
from parity.cli.demo import demo
from parity.cli.diagnose import diagnose
from parity.cli.lint import lint
from parity.cli.record import record_app
from parity.cli.report import report
from parity.cli.run import run
from parity.cli.selftest import selftest
from parity.cli.tune import tune
from parity.version import VERSION

__all__ = ["app"]

app = typer.Typer(
    name="parity",
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def parity(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    """Find the layer of a ported Qwen that leaves the Hugging Face reference, what is wrong in it, and what it costs.

    \b
    Examples:
      parity demo
      parity run --reference DIR --candidate onnxruntime:fp16 --out runs/first
      parity report runs/first --tap layers.3.attn_out
      parity lint HF_DIR TENSORRT_LLM_CHECKPOINT

    Exit status: 0 parity, 1 divergence, 2 misuse or bad input.
    """
    if version:
        typer.echo(f"layer-parity {VERSION}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command()(demo)
app.command()(run)
app.add_typer(record_app, name="record")
app.command()(compare)
app.command()(diagnose)
app.command()(build)
app.command()(lint)
app.command()(tune)
app.command()(report)
app.command()(selftest)
