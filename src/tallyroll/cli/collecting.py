"""Verbs of a node: sign-up, collection, screening of files, counting."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from tallyroll import tally
from tallyroll.cli.counting import count_areas
from tallyroll.cli.nodes import Settings, node_of, own_node_of
from tallyroll.cli.options import DryRun, Json, Now, clock, day
from tallyroll.cli.output import plain, progress, say, say_json, show_table
from tallyroll.connectors.interface import Connector, SourceSchool, open_connector
from tallyroll.engines import open_engine
from tallyroll.flows import counting, node
from tallyroll.flows.findings import write_findings
from tallyroll.flows.gatehouse import watched
from tallyroll.flows.settings import NodeSettings
from tallyroll.governance import Assessments, roles
from tallyroll.governance.steps import State
from tallyroll.vocab.clock import Clock, today
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.identifiers import Urn

Last = Annotated[str, typer.Option("--to", help="The last day, yyyy-mm-dd; today when not given.")]


def join(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    app.command("connect")(connect)
    app.command("collect")(collect)
    app.command("tally")(tally_verb)


def connect(
    *,
    settings: Settings,
    invite: Annotated[int, typer.Option(help="Ask the school with this URN to approve us.")] = 0,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """List the schools that the source knows, and how far each one's sign-up has come; or ask one to sign up."""
    chosen = NodeSettings.read(settings)
    if invite:
        _invite(chosen, Urn(invite), now, as_json=as_json)
        return
    sources, unusable = asyncio.run(_sources(open_connector(chosen.connector, chosen.source)))
    states = Counter(source.state for source in sources)
    if as_json:
        schools = [{"urn": one.school.urn.number, "name": one.school.name, "state": one.state} for one in sources]
        say_json({"states": states, "schools": schools, "unusable": [asdict(one) for one in unusable]})
        return
    rows = [(str(one.school.urn), one.school.name, one.school.la.name, one.state) for one in sources]
    show_table("Schools", ["URN", "school", "authority", "state"], rows, numbers_from=9)
    say(", ".join(f"{number} {state}" for state, number in states.items()))
    show_unusable(unusable)


def _invite(chosen: NodeSettings, urn: Urn, now: str, *, as_json: bool) -> None:
    with node_of(chosen, now) as held:

        async def run() -> SourceSchool:
            async with watched(chosen), open_connector(chosen.connector, chosen.source) as connector:
                return await node.invite(held, connector, urn)

        asked = asyncio.run(run())
    if as_json:
        say_json({"urn": urn.number, "state": asked.state})
    else:
        say(f"{plain(asked.school.name)} ({urn}) is {asked.state}.")


async def _sources(connector: Connector) -> tuple[tuple[SourceSchool, ...], tuple[Finding, ...]]:
    """The schools that the source lists, and what is wrong with those that we cannot use."""
    async with connector:
        return await connector.schools(), connector.findings


def collect(
    *,
    settings: Settings,
    last: Last = "",
    days: Annotated[int, typer.Option(min=0, max=400, help="How many days to reach back for corrections.")] = 7,
    findings: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="A CSV file for what screening found in the whole round, school by school."),
    ] = None,
    pull: Annotated[int, typer.Option(min=1, help="Which of the day's rounds this is.")] = 1,
    due: Annotated[bool, typer.Option("--due", help="Only the schools whose turn has come by the rota.")] = False,
    now: Now = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Collect one round: every approved school that is not finished yet. Start it again to go on.

    With --due, only the schools whose turn has come: start it every few minutes, by cron. The rota and the settings
    then say which pull it is and how far it reaches back.
    """
    chosen = NodeSettings.read(settings)
    if due:
        is_bare = (last, days, findings, pull) == ("", 7, None, 1)
        _collect_due(chosen, now, dry_run=dry_run, as_json=as_json, is_bare=is_bare)
        return
    until = day(last, "--to") if last else today(clock(now))
    if dry_run:
        _foretell(chosen, until, days, clock(now), as_json=as_json)
        return
    with node_of(chosen, now) as held, progress("Collecting", quiet=as_json) as advance:

        async def run() -> node.Collected:
            async with watched(chosen), open_connector(chosen.connector, chosen.source) as connector:
                return await node.collect(
                    held,
                    connector,
                    last=until,
                    days=days,
                    pull=pull,
                    schools_at_once=chosen.schools_at_once,
                    advance=advance,
                )

        made = asyncio.run(run())
        if findings:
            write_findings(findings, held.store, rounds=[made.round_id])
    show_collected(made, as_json=as_json)
    raise typer.Exit(4 if made.failed else 0)


def _collect_due(chosen: NodeSettings, now: str, *, dry_run: bool, as_json: bool, is_bare: bool) -> None:
    from tallyroll.cli import running  # noqa: PLC0415 - a round of all schools does without

    if not is_bare:
        what = "The rota says which pull this is and which days it reaches for."
        raise UsageProblem(what, where="--due", mend="Leave out --to, --days, --findings and --pull.")
    running.collect_due(chosen, now, dry_run=dry_run, as_json=as_json)


def _foretell(chosen: NodeSettings, until: date, days: int, when: Clock, *, as_json: bool) -> None:
    """What a round would do: nothing is asked of the source, and nothing is written down."""
    standing = Assessments(chosen.ledger, roles.read(chosen.roles)).standing()
    history = standing.history(chosen.collection)
    version = history.active or (history.versions[-1] if history.versions else None)
    items = sorted(str(item) for item in version.manifest.items_for(chosen.purpose)) if version else []
    state = history.state(version, on=today(when)) if version else State.DRAFT
    first = until - timedelta(days=days)
    if as_json:
        facts = {"connector": chosen.connector, "first": first, "last": until, "items": items, "assessment": state}
        say_json(facts)
        return
    say(f"Would ask every approved school of '{chosen.connector}' for {first} to {until}:")
    say(f"  {', '.join(items) or 'nothing'}")
    say(f"The assessment '{plain(chosen.collection)}' is {state}.")


def show_collected(made: node.Collected, *, as_json: bool) -> None:
    """How a round went."""
    counts = made.counts
    if as_json:
        say_json(
            {
                "round": made.round_id,
                "was_finished": made.was_finished,
                "states": made.by_state,
                "unusable": [asdict(one) for one in made.unusable],
                "already": made.already,
                "collected": made.collected,
                "failed": [{"urn": urn.number, "reason": reason} for urn, reason in made.failed],
                "received": counts.received,
                "kept": counts.kept,
                "rejected": counts.rejected,
                "findings": [
                    {"check": check, "severity": severity, "rows": rows}
                    for (check, severity), rows in made.findings.items()
                ],
            }
        )
        return
    if made.was_finished:
        say(f"The round '{made.round_id}' was finished already: nothing was collected. See --pull for the day's next.")
    say(f"{made.collected:,} schools collected, {made.already:,} were finished already, {len(made.failed):,} failed.")
    say(f"{counts.received:,} marks received = {counts.kept:,} kept + {counts.rejected:,} rejected.")
    show_findings(made)
    show_unusable(made.unusable)
    for urn, reason in made.failed[:10]:
        say(f"  {urn}: {plain(reason)}")


def show_findings(made: node.Collected) -> None:
    """The findings of a round, if there are any, worst first."""
    if not made.findings:
        return
    order = list(Severity)
    found = sorted(made.findings.items(), key=lambda one: (order.index(one[0][1]), -one[1]))
    rows = [(check, severity, number) for (check, severity), number in found]
    show_table("Findings", ["check", "severity", "rows"], rows, numbers_from=2)


def show_unusable(unusable: Sequence[Finding]) -> None:
    """What is wrong with schools that the source lists and that we cannot use, if there are any."""
    if unusable:
        rows = [(one.place, one.message, one.mend) for one in unusable]
        show_table("Schools that cannot be used", ["school", "why", "how to mend it"], rows, numbers_from=3)


def tally_verb(
    *,
    settings: Settings,
    first: Annotated[str, typer.Option("--from", help="The first day, yyyy-mm-dd.")],
    last: Last = "",
    out: Annotated[Path, typer.Option(help="The folder to write the tally into.")],
    as_of: Annotated[str, typer.Option(help="Count what was known at this moment (ISO 8601).")] = "",
    areas: Annotated[
        bool, typer.Option("--areas", help="Count areas only, from the scan side: no school in them.")
    ] = False,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Count what is kept into a tally: cells, without a pupil in them."""
    chosen = NodeSettings.read(settings)
    until = day(last, "--to") if last else today(clock(now))
    if areas:
        if as_of:
            mend = "Leave out --as-of, or count schools."
            raise UsageProblem("The scan side knows the latest revisions only.", where="--as-of", mend=mend)
        with own_node_of(chosen, now) as held:
            count_areas(held, out, first=day(first, "--from"), last=until, as_json=as_json)
        return
    with own_node_of(chosen, now) as held, open_engine() as engine, progress("Counting", quiet=as_json) as advance:
        made = counting.count(
            held,
            engine,
            first=day(first, "--from"),
            last=until,
            characteristics=held.manifest.counters.characteristics,
            as_of=clock(as_of).now() if as_of else None,
            advance=advance,
        )
    tally.save(made, out)
    if as_json:
        say_json({"folder": out, "cells": made.cells.num_rows, "enrolment_cells": made.persistent.num_rows})
    else:
        say(f"{made.cells.num_rows:,} cells in {out}.")
