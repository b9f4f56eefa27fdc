"""Verbs of the simulator: a synthetic England, its fit to the published one, and its information system over HTTP."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tallyroll import simulate
from tallyroll.cli.options import Json, Now, clock
from tallyroll.cli.output import progress, say, say_json, show_table
from tallyroll.simulate import Awkward
from tallyroll.vocab.calendars import render_calendars

verbs = typer.Typer(help="A synthetic England and its schools' information system.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="A synthetic England, made with `tallyroll simulate england`.")]


def join(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    app.add_typer(verbs, name="simulate")


@verbs.command()
def england(
    *,
    scale: Annotated[float, typer.Option(help="How much of England: 1.0 is all 21,292 schools.")],
    out: Annotated[Path, typer.Option(help="The folder to write; it must not exist.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same England.")] = 1,
    authority: Annotated[
        list[str] | None, typer.Option(help="Only this authority (old code); may be repeated.")
    ] = None,
    year: Annotated[int, typer.Option(min=2000, max=2100, help="The year in which the academic year starts.")] = 2026,
    as_json: Json = False,
) -> None:
    """Make a synthetic England: schools, rolls, marks, calendars and census head counts. No real child is in it."""
    with progress("Making schools", quiet=as_json) as advance:
        made = simulate.england(
            scale=scale, seed=seed, out=out, authorities=authority or (), year=year, progress=advance
        )
    simulate.write_headcounts(made, out / "headcounts.csv")
    calendars = {one.school: one.calendar for one in made.listed.values()}
    (out / "calendars.toml").write_text(render_calendars(calendars), encoding="utf-8")
    facts = {"folder": out, "schools": len(made.schools), "authorities": len({s.laestab.la for s in made.schools})}
    if as_json:
        say_json(facts)
    else:
        say(f"{facts['schools']:,} schools in {facts['authorities']} authorities, in {out}.")


@verbs.command()
def fit(folder: Folder, *, as_json: Json = False) -> None:
    """Compare a synthetic England with the department's published figures."""
    table = simulate.fit(simulate.England.open(folder))
    if as_json:
        say_json({"fit": table.to_pylist()})
        return
    rows = [tuple(row.values()) for row in table.to_pylist()]
    show_table("Simulated against published, in percent", table.column_names, rows, numbers_from=3)


@verbs.command()
def mis(
    folder: Folder,
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port to listen on; 0 chooses a free one.")] = 8100,
    now: Now = "",
    seed: Annotated[int, typer.Option(help="Seed of its awkward behaviour.")] = 1,
    awkward: Annotated[list[Awkward] | None, typer.Option(help="A behaviour to switch on; may be repeated.")] = None,
) -> None:
    """Serve a synthetic England's registers as the Wonde API does, until stopped with Ctrl-C."""
    moment: datetime = clock(now).now().astimezone(UTC)
    source = simulate.England.open(folder)

    def tell(running: simulate.Mis) -> None:
        say(f"{len(source.schools):,} schools at {running.base_url}")
        say(f"token: {running.token}    world's time: {moment:%Y-%m-%d %H:%M} UTC    stop with Ctrl-C")

    asyncio.run(simulate.serve(source, now=moment, port=port, seed=seed, awkward=awkward or (), bound=tell))
