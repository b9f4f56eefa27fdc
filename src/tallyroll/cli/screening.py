"""The verb `screen`: find every fault in a folder of files, and keep nothing."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tallyroll.cli.options import GateFile, Json, Now, day, gate_at
from tallyroll.cli.output import say, say_json, show_table
from tallyroll.connectors.interface import open_connector
from tallyroll.flows import screening
from tallyroll.flows.settings import read_gate
from tallyroll.register import Screened
from tallyroll.vocab.calendars import read_calendars
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.findings import Severity

MOST_SHOWN = 60


def join(app: typer.Typer) -> None:
    """Add this verb to the command."""
    app.command("screen")(screen)


def screen(
    folder: Annotated[Path, typer.Argument(help="The folder (csv) or file (ctf) to look at.")],
    *,
    settings: GateFile,
    calendars: Annotated[Path, typer.Option(help="The schools' calendars (TOML).")],
    first: Annotated[str, typer.Option("--from", help="The first day, yyyy-mm-dd.")],
    last: Annotated[str, typer.Option("--to", help="The last day, yyyy-mm-dd.")],
    connector: Annotated[str, typer.Option(help="csv or ctf.")] = "csv",
    setting: Annotated[list[str] | None, typer.Option(help="A setting of the connector, as key=value.")] = None,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """List every fault of the files by row, field, reason and mend. Keeps nothing."""
    chosen = read_gate(settings)
    place = "file" if connector == "ctf" else "folder"
    more = dict(_pair(one) for one in setting or ())
    gate = gate_at(chosen, now)
    found = asyncio.run(
        screening.screen_source(
            open_connector(connector, {place: str(folder), **more}),
            gate=gate,
            purpose=chosen.purpose,
            calendars=read_calendars(calendars),
            first=day(first, "--from"),
            last=day(last, "--to"),
        )
    )
    errors = sum(f.severity is Severity.ERROR for one in found for f in one.findings)
    if as_json:
        say_json({"schools": [_facts(one) for one in found]})
    else:
        for one in found:
            _show(one)
    raise typer.Exit(4 if errors else 0)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise UsageProblem(f"'{text}' is not a setting with its value.", where="--setting", mend="Write key=value.")
    return key, value


def _facts(one: Screened) -> dict[str, object]:
    return {
        "urn": one.school.urn.number,
        "received": one.received,
        "kept": one.kept,
        "rejected": one.rejected,
        "findings": [asdict(finding) for finding in one.findings],
    }


def _show(one: Screened) -> None:
    say(f"[bold]{one.school.urn}[/]  {one.received:,} marks = {one.kept:,} kept + {one.rejected:,} rejected")
    order = list(Severity)
    found = sorted(one.findings, key=lambda f: (order.index(f.severity), f.place, f.row or 0))
    rows = [
        (f.severity, f.place, "" if f.row is None else str(f.row), f.field, f"{f.message} {f.mend}", f.n_rows)
        for f in found[:MOST_SHOWN]
    ]
    if rows:
        show_table(
            "Findings", ["severity", "place", "row", "field", "what and how to mend it", "rows"], rows, numbers_from=5
        )
    if len(found) > MOST_SHOWN:
        say(f"… and {len(found) - MOST_SHOWN:,} more; --json lists them all.")
