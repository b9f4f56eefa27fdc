"""Verbs of the release: make one from tallies, check one against the department's standard."""

from pathlib import Path
from typing import Annotated

import typer

from tallyroll import release, tally
from tallyroll.cli.options import GateFile, Json, Now, day, gate_at
from tallyroll.cli.output import say, say_json, show_table
from tallyroll.flows import auditing, centre
from tallyroll.flows.settings import read_gate
from tallyroll.governance import Assessments, roles
from tallyroll.release import Outcome, Report

verbs = typer.Typer(help="What the public sees.", no_args_is_help=True)


def join(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    app.add_typer(verbs, name="release")
    app.command("merge")(merge)


def merge(
    folders: Annotated[list[Path], typer.Argument(help="Folders of tallies.")],
    *,
    out: Annotated[Path, typer.Option(help="The folder to write the merged tally into.")],
    as_json: Json = False,
) -> None:
    """Join tallies, keeping the newest revision of each contributor's day."""
    merged = centre.merge(folders, out)
    facts = {"folder": out, "cells": merged.cells.num_rows, "enrolment_cells": merged.persistent.num_rows}
    if as_json:
        say_json(facts)
    else:
        say(f"{merged.cells.num_rows:,} cells in {out}.")


@verbs.command("make")
def make(
    *,
    tallies: Annotated[Path, typer.Option(help="A folder with a (merged) tally, or with areas.")],
    headcounts: Annotated[Path, typer.Option(help="Census head counts by area and phase (CSV).")],
    settings: GateFile,
    first: Annotated[str, typer.Option("--from", help="The first day, yyyy-mm-dd.")],
    last: Annotated[str, typer.Option("--to", help="The last day, yyyy-mm-dd.")],
    out: Annotated[Path, typer.Option(help="The folder to write the release into; it must not exist.")],
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Tabulate, protect, write and check one release."""
    chosen = read_gate(settings)
    made = centre.publish(
        tally.load_either(tallies),
        tally.read_headcounts(headcounts),
        gate=gate_at(chosen, now),
        purpose=chosen.purpose,
        first=day(first, "--from"),
        last=day(last, "--to"),
        out=out,
    )
    if as_json:
        say_json({"folder": made.folder, "tables": [t.name for t in made.tables], "check": made.report.as_dict()})
    else:
        rows = [(table.name, table.rows, table.hidden_rows) for table in made.tables]
        show_table(f"{made.folder}", ["table", "rows", "hidden rows"], rows)
        if not made.report.passed:
            show_report(made.report)
    raise typer.Exit(0 if made.report.passed else 4)


@verbs.command("verify")
def verify(
    folder: Annotated[Path, typer.Argument(help="A release's folder.")],
    *,
    ledger: Annotated[Path, typer.Option(help="The ledger that published it.")],
    roles_file: Annotated[
        Path | None, typer.Option("--roles", help="The roles file that you trust; the ledger's own when not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that every byte of a release is as it was published, by the ledger's word."""
    trusted = roles.read(roles_file) if roles_file else auditing.own_roles(ledger)
    entry = auditing.audit_release(folder, Assessments(ledger, trusted))
    if as_json:
        say_json({"release": entry.facts["release"], "entry": entry.index, "at": entry.at, "roles": trusted.digest})
    else:
        say(f"[bold green]As published[/] on {entry.at:%Y-%m-%d %H:%M} UTC, entry {entry.index} of the ledger.")


@verbs.command("check")
def check(
    folder: Annotated[Path, typer.Argument(help="A folder of EES files: NAME.csv with NAME.meta.csv.")],
    *,
    every: Annotated[bool, typer.Option("--all", help="Show the checks that passed too.")] = False,
    as_json: Json = False,
) -> None:
    """Check files against the data standard of Explore Education Statistics, check by named check."""
    report = release.check(folder)
    if as_json:
        say_json(report.as_dict())
    else:
        show_report(report, every=every)
    raise typer.Exit(0 if report.passed else 4)


def show_report(report: Report, *, every: bool = False) -> None:
    """What the checker found, file by file."""
    for file in report.files:
        by = {outcome: [one for one in file.results if one.outcome is outcome] for outcome in Outcome}
        counts = ", ".join(f"{len(found)} {outcome}" for outcome, found in by.items() if found)
        say(f"[bold]{file.name}[/]  {counts}")
        for one in file.results:
            if every or one.outcome in (Outcome.FAIL, Outcome.WARN):
                where = f" ({', '.join(one.where[:3])}{' …' if one.where[3:] else ''})" if one.where else ""
                say(f"  {one.outcome:<8} {one.check}: {one.message}{where}")
    say(f"{'Passed' if report.passed else 'Failed'}; {'' if report.api_suitable else 'not '}fit for the EES API.")
