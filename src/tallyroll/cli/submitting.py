"""The verbs `submit` and `receive`: a node sends its tally, a centre takes it."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from tallyroll import tally
from tallyroll.cli.options import GateFile, Json, Now, gate_at
from tallyroll.cli.output import plain, progress, say, say_json
from tallyroll.flows import receiving, submitting
from tallyroll.flows.gatehouse import watched
from tallyroll.flows.settings import read_gate
from tallyroll.submission import Receipt


def join(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    app.command("submit")(submit)
    app.command("receive")(receive)


def submit(
    folder: Annotated[Path, typer.Argument(help="The tally's folder, as `tallyroll tally` made it.")],
    *,
    settings: GateFile,
    to: Annotated[str, typer.Option("--to", help="The centre's address: https://…")],
    recipient: Annotated[str, typer.Option(help="Who answers there, by the name that the assessment gives.")],
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Send a tally to a centre, each contributor by itself, and show the receipts. Send it again to go on."""
    chosen = read_gate(settings)
    held = tally.load(folder)
    gate = gate_at(chosen, now)
    with progress("Submitting", quiet=as_json) as advance:

        async def run() -> tuple[Receipt, ...]:
            async with watched(chosen):
                return await submitting.submit(
                    held, gate=gate, purpose=chosen.purpose, to=to, recipient=recipient, advance=advance
                )

        receipts = asyncio.run(run())
    if as_json:
        say_json({"receipts": [{"sha256": one.sha256, "stored_at": one.stored_at} for one in receipts]})
    else:
        say(f"{len(receipts):,} payloads taken by {plain(to)}.")


def receive(
    *,
    settings: GateFile,
    contributors: Annotated[Path, typer.Option(help="The schools that may send: CSV with the columns urn and la.")],
    out: Annotated[Path, typer.Option(help="The folder for what is taken: one folder per school and revision.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port to listen on.")] = 8100,
    now: Now = "",
) -> None:
    """Take tallies over HTTP until stopped with Ctrl-C. Put a server that speaks https before it."""
    chosen = read_gate(settings)
    gate = gate_at(chosen, now)
    inbox = receiving.Inbox(
        gate=gate,
        purpose=chosen.purpose,
        contributors=receiving.read_contributors(contributors),
        folder=out,
        clock=gate.clock,
    )

    async def run() -> None:
        async with watched(chosen):
            await receiving.serve(
                inbox, host=host, port=port, bound=lambda url: say(f"{url}/tallies   stop with Ctrl-C")
            )

    with suppress(KeyboardInterrupt):
        asyncio.run(run())
