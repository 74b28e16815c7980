"""The command line: each command in a module of its own, joined here."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from livecaption import __version__
from livecaption.cli import bench, demo, doctor, keys, models, serve, stream, transcribe, worker
from livecaption.cli.terminal import complain
from livecaption.errors import LiveCaptionError

__all__ = ["app", "run"]

app = typer.Typer(
    name="livecaption",
    help="Live captions from one Whisper model, for many streams at once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
model_commands = typer.Typer(help="List and fetch models.", no_args_is_help=True)

app.command()(serve.serve)
app.command()(demo.demo)
app.command()(worker.worker)
app.command()(transcribe.transcribe)
app.command()(stream.stream)
app.command()(doctor.doctor)
app.command()(bench.bench)
key_commands = typer.Typer(help="Make, list and take back keys.", no_args_is_help=True)
app.add_typer(key_commands, name="keys")
key_commands.command("add")(keys.add)
key_commands.command("list")(keys.list_keys)
key_commands.command("revoke")(keys.revoke)
key_commands.command("rotate")(keys.rotate)
app.add_typer(model_commands, name="models")
model_commands.command("list")(models.list_models)
model_commands.command("pull")(models.pull)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    if version:
        sys.stdout.write(f"livecaption {__version__}\n")
        raise typer.Exit


def run() -> None:
    """Run the command line; every expected failure ends in one sentence and exit status 1."""
    try:
        app()
    except LiveCaptionError as exc:
        complain(str(exc))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
