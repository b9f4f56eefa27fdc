"""The demo: the whole chain on a synthetic authority, over real HTTP, from a refusal to a checked release.

Each step is a function that does the real work and gives the facts of it; `cli.demo` tells them to a person.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from tallyroll import register, simulate, tally
from tallyroll.connectors.interface import Connector, SchoolState, SourceSchool, open_connector
from tallyroll.connectors.wonde.bookmarks import Bookmark
from tallyroll.engines import open_engine
from tallyroll.flows import centre, counting, node
from tallyroll.flows.auditing import Audit, audit
from tallyroll.flows.centre import Published
from tallyroll.flows.findings import write_findings
from tallyroll.flows.node import Collected, Node
from tallyroll.flows.stage import COLLECTION, DAY, DAYS_BACK, EVENING, FIRST, PURPOSE, REGIONS, Stage
from tallyroll.governance import Door, Request, permitted, require
from tallyroll.governance.memory import round_of
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind
from tallyroll.register import RoundCounts
from tallyroll.simulate import England
from tallyroll.vocab.errors import Refused
from tallyroll.vocab.places import AUTHORITIES
from tallyroll.vocab.progress import Advance, unwatched

HISTORY = "history"  # the round of the term so far


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a suspension in the middle of a collection went."""

    refusal: Refused
    seconds: float  # from the signature to the collection standing still
    schools_kept: int


def approve(stage: Stage) -> None:
    """Screen, consult, advise and approve: signed, seen by the witnesses, and not yet in force."""
    stage.office.approve(stage.manifest)


def put_in_force(stage: Stage) -> None:
    """Publish the approved assessment at the ledger's public address, activate it, and tell the families."""
    stage.office.put_in_force(stage.manifest)
    approved = [one.school.urn for one in asyncio.run(_sources(stage)) if one.state is SchoolState.APPROVED]
    node.record_notices(stage.node.gate, approved)


def try_to_collect(stage: Stage) -> Refused | None:
    """The refusal that a collection meets, if it meets one."""
    try:
        collect_day(stage)
    except Refused as refusal:
        return refusal
    return None


def suspend_midway(stage: Stage) -> Stopped | None:
    """Begin the day's collection and let the data-protection officer stop it when half the schools are through.

    None when the collection was not stopped.
    """
    signed_at: list[float] = []

    def advance(done: int, total: int) -> None:
        if not signed_at and done >= total / 2:
            stage.office.say(Kind.SUSPENDED, COLLECTION, Role.DPO, reason="A drill: can we stop?")
            signed_at.append(time.perf_counter())

    try:
        collect_day(stage, advance=advance)
    except Refused as refusal:
        seconds = time.perf_counter() - signed_at[0] if signed_at else 0.0
        kept = stage.node.store.finished(round_of("wonde", stage.clock.now(), pull=1))
        return Stopped(refusal, seconds, len(kept))
    return None


def resume(stage: Stage) -> None:
    """Let the collection go on: two roles sign, with a reason."""
    stage.office.say(Kind.RESUMED, COLLECTION, Role.APPROVER, Role.DPO, reason="The drill is over: it stopped.")
    stage.office.witness()


def keep_history(stage: Stage, *, advance: Advance = unwatched) -> RoundCounts:
    """The term so far, as yesterday's collection would have left it. Gives how many marks were."""
    approved = [one for one in asyncio.run(_sources(stage)) if one.state is SchoolState.APPROVED]
    return history_into(stage.node, stage.england, approved, advance=advance)


def history_into(
    held: Node, england: England, approved: Sequence[SourceSchool], *, advance: Advance = unwatched
) -> RoundCounts:
    """The term so far of these schools, screened and kept. Gives how many marks were.

    It comes from the simulator's files and not over HTTP, where eleven weeks of marks would take minutes; the bookmark
    that stands beside it lets the day's round go on from yesterday evening.
    """
    yesterday = datetime.combine(DAY, EVENING) - timedelta(days=1)
    request = Request(
        door=Door.PULL,
        purpose=PURPOSE,
        schools=frozenset(one.school.urn for one in approved),
        items=permitted(held.gate, PURPOSE),
        first=FIRST,
        last=yesterday.date(),
    )
    authorities = {one.school.urn: one.school.laestab.la for one in approved}
    permit = require(held.gate, request, authorities=authorities)
    for done, one in enumerate(approved, start=1):
        year = england.school_year(one.school.urn)
        extract = simulate.extract_of(year, items=request.items, first=FIRST, last=yesterday.date(), taken_at=yesterday)
        bookmark = Bookmark(school=one.id, first=FIRST, since=yesterday, full=yesterday, generation=1)
        extract = replace(extract, source="wonde", resume=bookmark.text())
        screened = register.screen(permit, extract, calendar=year.calendar, now=held.clock.now())
        register.keep(permit, held.store, screened, now=held.clock.now(), round_id=HISTORY)
        advance(done, len(approved))
    return held.store.counts(HISTORY)


def _connector(stage: Stage) -> Connector:
    settings = {"base_url": stage.mis.base_url, "token": stage.mis.token, "per_page": "5000", "backoff_s": "0.05"}
    return open_connector("wonde", settings)


async def _sources(stage: Stage) -> tuple[SourceSchool, ...]:
    async with _connector(stage) as connector:
        return await connector.schools()


def collect_day(stage: Stage, *, advance: Advance = unwatched) -> Collected:
    """The day's round, over HTTP; what was found, in it and in the term before, is then in findings.csv."""

    async def run() -> Collected:
        async with _connector(stage) as connector:
            return await node.collect(stage.node, connector, last=DAY, days=DAYS_BACK, advance=advance)

    made = asyncio.run(run())
    write_findings(stage.folder / "findings.csv", stage.node.store, rounds=(HISTORY, made.round_id))
    return made


def count_regions(stage: Stage, *, advance: Advance = unwatched) -> Sequence[Path]:
    """A tally for each region, as three nodes would send them; gives their folders."""
    folders = []
    with open_engine() as engine:
        for done, region in enumerate(REGIONS, start=1):
            codes = [la.old_code for la in AUTHORITIES if la.region.name == region]
            counted = counting.count(
                stage.node,
                engine,
                first=FIRST,
                last=DAY,
                characteristics=stage.manifest.counters.characteristics,
                authorities=codes,
            )
            folder = stage.folder / "tallies" / region.lower().replace(" ", "-")
            tally.save(counted, folder)
            folders.append(folder)
            advance(done, len(REGIONS))
    return folders


def publish(stage: Stage, merged: tally.Tally) -> Published:
    """The release of the year to date, checked."""
    return centre.publish(
        merged,
        tally.read_headcounts(stage.folder / "headcounts.csv"),
        gate=stage.node.gate,
        purpose=PURPOSE,
        first=FIRST,
        last=DAY,
        out=stage.release_folder,
        notes=["Synthetic data: no real child, school or authority figure is in this release."],
    )


def verify(stage: Stage) -> Audit:
    """The whole ledger, verified as a stranger would: from its files and the public keys."""
    stage.office.witness()
    return audit(stage.ledger, stage.office.office.roles)
