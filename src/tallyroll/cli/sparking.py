"""The verb that counts registers where they have outgrown one machine."""

from pathlib import Path
from typing import Annotated

import typer

from tallyroll.cli.options import GateFile, Json, Now, clock, day, gate_at
from tallyroll.cli.output import progress, say, say_json
from tallyroll.engines.registry import open_lake
from tallyroll.flows import sparking
from tallyroll.flows.settings import read_gate
from tallyroll.vocab.calendars import read_calendars
from tallyroll.vocab.clock import today


def join(app: typer.Typer) -> None:
    """Add this verb to the command."""
    app.command("spark")(spark)


def spark(
    *,
    settings: GateFile,
    calendars: Annotated[Path, typer.Option(help="The file of school calendars (TOML).")],
    lake: Annotated[str, typer.Option(help="Where the registers lie: a folder or an address that Spark reads.")],
    out: Annotated[str, typer.Option(help="A new folder, or an address that Spark writes, for the counts.")],
    first: Annotated[str, typer.Option("--from", help="The first day, yyyy-mm-dd.")],
    last: Annotated[str, typer.Option("--to", help="The last day, yyyy-mm-dd; today when not given.")] = "",
    master: Annotated[str, typer.Option(help="The Spark to start where none is there yet.")] = "local[*]",
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Count registers on Apache Spark: what `store export --layout weeks` wrote, into counts of areas."""
    chosen = read_gate(settings)
    known, since = read_calendars(calendars), day(first, "--from")
    until = day(last, "--to") if last else today(clock(now))
    gate = gate_at(chosen, now)
    with progress("Counting", quiet=as_json), open_lake(lake, master=master) as opened:
        made = sparking.count(gate, opened, purpose=chosen.purpose, calendars=known, first=since, last=until, out=out)
    marks = sum(int(one.cells[:, :, :, 0].sum()) for one in made.authorities.values())
    if as_json:
        say_json({"out": out, "authorities": len(made.authorities), "schools": len(made.contributors), "marks": marks})
    else:
        say(f"{marks:,} marks of {len(made.contributors):,} schools in {len(made.authorities):,} authorities: {out}.")
