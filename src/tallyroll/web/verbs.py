"""The verb `serve`. The command finds it by entry point, because the doors `cli` and `web` do not import each other."""

from pathlib import Path
from typing import Annotated

import typer

from tallyroll.web import public


def join(app: typer.Typer) -> None:
    """Add this verb to the command."""
    app.command("serve")(serve)


def serve(
    folder: Annotated[Path, typer.Argument(help="A release's folder.")] = Path("demo/release"),
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port to listen on.")] = 8000,
) -> None:
    """Serve a release's pages and files until stopped with Ctrl-C."""
    public.serve(
        folder, host=host, port=port, bound=lambda address: typer.echo(f"{folder} at {address}   stop with Ctrl-C")
    )
