"""The demo: the whole chain on a synthetic authority, over real HTTP, from a refusal to a checked release.

Each step is a function that does the real work and gives the facts of it; `cli.demo` tells them to a person.
"""

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from importlib.resources import files
from itertools import islice
from pathlib import Path

from tallyroll import ledger, register, simulate, tally
from tallyroll.connectors.interface import Connector, SchoolState, SourceSchool, open_connector
from tallyroll.connectors.wonde.bookmarks import Bookmark
from tallyroll.engines import open_engine
from tallyroll.flows import centre, node
from tallyroll.flows.centre import Published
from tallyroll.flows.findings import write_findings
from tallyroll.flows.node import Collected, Node
from tallyroll.governance import Door, Request, items_of, require
from tallyroll.governance.manifest import Manifest, parse
from tallyroll.register import RegisterStore, RoundCounts
from tallyroll.simulate import Access, Awkward, Control, England, Mis
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import Refused, UsageProblem
from tallyroll.vocab.places import AUTHORITIES
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.schools import SchoolCalendar

REGIONS = ("North East", "East Midlands", "West Midlands")
SCALE = 0.03
SMALLEST = 0.002  # below it every school is one of those that have not approved, and there is nothing to publish
PURPOSE = "attendance-statistics"
FIRST = date(2026, 9, 7)  # the year to date leaves out the first days of September
DAY = date(2026, 11, 20)
DAYS_BACK = 28  # how far the day's round reaches for corrections
EVENING = time(18, 0, tzinfo=UTC)
HISTORY = "history"  # the round of the term so far
MARKER = ".tallyroll-demo"

WITHHELD = {Access.PENDING: 4, Access.DECLINED: 2, Access.REVOKED: 1}
"""Schools whose sign-up has not ended in approval."""

AWKWARD = {
    Awkward.CUSTOM_CODES: 3,
    Awkward.OLD_CODES: 3,
    Awkward.SERVER_ERRORS: 4,
    Awkward.RATE_LIMIT: 3,
    Awkward.CUT_OFF: 2,
    Awkward.TIMEZONES: 5,
    Awkward.RE_ENROLMENT: 2,
}
"""How many schools' systems misbehave, and how."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A demo under way: its folder, its world, and the node that will collect from it."""

    folder: Path
    england: England
    mis: Mis
    node: Node
    clock: FixedClock

    @property
    def release_folder(self) -> Path:
        """Where the release will stand."""
        return self.folder / "release"


def clear(folder: Path) -> None:
    """An empty folder for the demo; what an earlier demo left there goes.

    Raises: UsageProblem when the folder holds something that no demo made.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise UsageProblem("No demo made what is here.", where=str(folder), mend="Name another folder with --out.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARKER).write_text("Made by `tallyroll demo`; removed by the next one.\n", encoding="utf-8")


def make_england(folder: Path, *, seed: int, scale: float = SCALE, advance: Advance = unwatched) -> England:
    """The synthetic schools of three regions, on disk."""
    codes = [la.old_code for la in AUTHORITIES if la.region.name in REGIONS]
    england = simulate.england(
        scale=scale, seed=seed, out=folder / "england", authorities=codes, year=FIRST.year, progress=advance
    )
    simulate.write_headcounts(england, folder / "headcounts.csv")
    return england


@contextmanager
def staged(folder: Path, england: England) -> Iterator[Stage]:
    """The information system of these schools in a process of its own, and a node with a draft assessment."""
    clock = FixedClock(datetime.combine(DAY, EVENING))
    calendars = Calendars(
        SchoolCalendar(()), {}, {str(one.school.urn): one.calendar for one in england.listed.values()}
    )
    manifest = write_manifest(folder, draft_text())
    with (
        simulate.child(partial(England.open, england.folder), now=clock.moment) as mis,
        RegisterStore(folder / "register.sqlite") as store,
    ):
        asyncio.run(mis.control(_awkward(england)))
        yield Stage(folder, england, mis, Node(manifest, PURPOSE, store, folder / "journal.jsonl", calendars), clock)


def _awkward(england: England) -> Control:
    """Some schools have not approved, and some schools' systems misbehave; each kind on schools of its own."""
    schools = iter(england.schools)
    access = {str(one.urn): state for state, number in WITHHELD.items() for one in islice(schools, number)}
    awkward = {kind: [one.urn.number for one in islice(schools, number)] for kind, number in AWKWARD.items()}
    return Control(access=access, awkward=awkward, fault_rate=0.2, fault_burst=1)


def draft_text() -> str:
    """The demo's assessment before anybody signed it."""
    return files(__package__).joinpath("data/demo-manifest.toml").read_text(encoding="utf-8")


def write_manifest(folder: Path, text: str) -> Manifest:
    """The assessment on disk and as the gate reads it."""
    path = folder / "manifest.toml"
    path.write_text(text, encoding="utf-8")
    return parse(text, where=str(path))


def put_in_force(stage: Stage) -> Stage:
    """The same stage with its assessment signed, published and active."""
    text = draft_text().replace(
        'status = "draft"', 'status = "active"\nsigned_on = 2026-08-20\npublished_on = 2026-08-24'
    )
    return replace(stage, node=replace(stage.node, manifest=write_manifest(stage.folder, text)))


def try_to_collect(stage: Stage) -> Refused | None:
    """The refusal that a collection meets, if it meets one."""
    try:
        collect_day(stage)
    except Refused as refusal:
        return refusal
    return None


def keep_history(stage: Stage, *, advance: Advance = unwatched) -> RoundCounts:
    """The term so far, screened and kept as yesterday's collection would have left it. Gives how many marks were.

    It comes from the simulator's files and not over HTTP, where eleven weeks of marks would take minutes; the bookmark
    that stands beside it lets the day's round go on from yesterday evening.
    """
    held, yesterday = stage.node, stage.clock.moment - timedelta(days=1)
    approved = [one for one in asyncio.run(_sources(stage)) if one.state is SchoolState.APPROVED]
    request = Request(
        door=Door.PULL,
        purpose=PURPOSE,
        schools=frozenset(one.school.urn for one in approved),
        items=items_of(held.manifest, PURPOSE),
        first=FIRST,
        last=yesterday.date(),
    )
    authorities = {one.school.urn: one.school.laestab.la for one in approved}
    permit = require(held.manifest, request, clock=stage.clock, authorities=authorities, journal=held.journal)
    for done, one in enumerate(approved, start=1):
        year = stage.england.school_year(one.school.urn)
        extract = simulate.extract_of(year, items=request.items, first=FIRST, last=yesterday.date(), taken_at=yesterday)
        bookmark = Bookmark(school=one.id, first=FIRST, since=yesterday, full=yesterday, generation=1)
        extract = replace(extract, source="wonde", resume=bookmark.text())
        screened = register.screen(permit, extract, calendar=year.calendar, now=stage.clock.moment)
        register.keep(permit, held.store, screened, now=stage.clock.moment, round_id=HISTORY)
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
            return await node.collect(
                stage.node, connector, clock=stage.clock, last=DAY, days=DAYS_BACK, advance=advance
            )

    made = asyncio.run(run())
    write_findings(stage.folder / "findings.csv", stage.node.store, rounds=(HISTORY, made.round_id))
    return made


def count_regions(stage: Stage, *, advance: Advance = unwatched) -> Sequence[Path]:
    """A tally for each region, as three nodes would send them; gives their folders."""
    folders = []
    with open_engine() as engine:
        for done, region in enumerate(REGIONS, start=1):
            codes = [la.old_code for la in AUTHORITIES if la.region.name == region]
            counted = node.count(
                stage.node,
                engine,
                clock=stage.clock,
                first=FIRST,
                last=DAY,
                characteristics=stage.node.manifest.release.characteristics,
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
        manifest=stage.node.manifest,
        clock=stage.clock,
        journal=stage.node.journal,
        first=FIRST,
        last=DAY,
        out=stage.release_folder,
        notes=["Synthetic data: no real child, school or authority figure is in this release."],
    )


def verify(stage: Stage) -> int:
    """The number of journal entries, each following from the one before."""
    return ledger.verify(stage.node.journal)
