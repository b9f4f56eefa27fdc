"""The verb `serve`. The command finds it by entry point, because the doors `cli` and `web` do not import each other."""

from pathlib import Path
from typing import Annotated

import typer

from tallyroll.governance import roles
from tallyroll.vocab.clock import SystemClock
from tallyroll.web import public
from tallyroll.web.public import PublicLedger


def join(app: typer.Typer) -> None:
    """Add this verb to the command."""
    app.command("serve")(serve)


def serve(
    folder: Annotated[Path, typer.Argument(help="A release's folder.")] = Path("demo/release"),
    *,
    ledger: Annotated[
        Path | None, typer.Option(help="The public ledger's folder: its assessments are served too.")
    ] = None,
    roles_file: Annotated[Path, typer.Option("--roles", help="The roles by which the ledger is verified.")] = Path(
        "roles.toml"
    ),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port to listen on.")] = 8000,
) -> None:
    """Serve a release's pages and files, and the assessments behind it, until stopped with Ctrl-C."""
    public.serve(
        folder,
        host=host,
        port=port,
        bound=lambda address: typer.echo(f"{folder} at {address}   stop with Ctrl-C"),
        ledger=PublicLedger(ledger, roles.read(roles_file), SystemClock()) if ledger else None,
    )
