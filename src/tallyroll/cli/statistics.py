"""Verbs of the statistics: lay daily tallies out as the department's tables."""

from pathlib import Path
from typing import Annotated

import typer

from tallyroll.cli.options import Json, Now, clock, day
from tallyroll.cli.output import say, say_json, show_table
from tallyroll.disclosure import Profile
from tallyroll.flows import centre
from tallyroll.tally import Method


def join(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    app.command("tabulate")(tabulate)


def tabulate(
    *,
    tallies: Annotated[Path, typer.Option(help="Daily area tallies, as the department exports them (CSV).")],
    headcounts: Annotated[Path, typer.Option(help="Census head counts by area and phase (CSV).")],
    method: Annotated[Method, typer.Option(help="How phases become the row Total.")],
    first: Annotated[str, typer.Option("--from", help="The first day, yyyy-mm-dd.")],
    last: Annotated[str, typer.Option("--to", help="The last day, yyyy-mm-dd.")],
    out: Annotated[Path, typer.Option(help="The folder to write daily.csv, weekly.csv and ytd.csv into.")],
    persistent: Annotated[Path | None, typer.Option(help="Persistent absence by area and phase (CSV).")] = None,
    profile: Annotated[Profile, typer.Option(help="Which cells are hidden.")] = Profile.AS_PUBLISHED,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Write the daily, weekly and year-to-date tables in the EES layout from daily area tallies."""
    made = centre.tabulate(
        tallies,
        headcounts,
        method=method,
        first=day(first, "--from"),
        last=day(last, "--to"),
        out=out,
        persistent=persistent,
        profile=profile,
        now=clock(now).now(),
    )
    if as_json:
        say_json({"folder": out, "tables": [{"name": t.name, "rows": t.rows, "hidden": t.hidden_rows} for t in made]})
        return
    show_table(f"Written to {out}", ["table", "rows", "hidden rows"], [(t.name, t.rows, t.hidden_rows) for t in made])
    say(f"Disclosure profile {profile}: as the department does it, and open to subtraction. Do not publish anew.")
