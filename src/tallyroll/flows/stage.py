"""The stage of the demo: its synthetic world, everybody's keys, and a node that may do nothing yet."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from functools import partial
from importlib.resources import files
from itertools import islice
from pathlib import Path

from tallyroll import simulate
from tallyroll.flows import gatehouse
from tallyroll.flows.node import Node
from tallyroll.flows.rehearsal import Rehearsal, rehearsed
from tallyroll.flows.settings import GateSettings
from tallyroll.governance import Manifest
from tallyroll.governance.manifest import parse
from tallyroll.governance.manifest.words import Tier
from tallyroll.register import RegisterStore
from tallyroll.simulate import Access, Awkward, Control, England, Mis
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.places import AUTHORITIES
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.schools import SchoolCalendar

REGIONS = ("North East", "East Midlands", "West Midlands")
SCALE = 0.03
SMALLEST = 0.002  # below it every school is one of those that have not approved, and there is nothing to publish
PURPOSE = "attendance-statistics"
COLLECTION = "demo-attendance"
FIRST = date(2026, 9, 7)  # the year to date leaves out the first days of September
DAY = date(2026, 11, 20)
DAYS_BACK = 28  # how far the day's round reaches for corrections
EVENING = time_of_day(18, 0, tzinfo=UTC)
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
    """A demo under way: its folder and world, the office with everybody's keys, and the node that will collect."""

    folder: Path
    england: England
    mis: Mis
    office: Rehearsal
    manifest: Manifest
    node: Node
    clock: FixedClock

    @property
    def release_folder(self) -> Path:
        """Where the release will stand."""
        return self.folder / "release"

    @property
    def ledger(self) -> Path:
        """The ledger that everybody can verify."""
        return self.office.office.log.folder


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
    """The information system in a process of its own, a ledger with witnesses, and a node that may do nothing yet."""
    clock = FixedClock(datetime.combine(DAY, EVENING))
    calendars = Calendars(
        SchoolCalendar(()), {}, {str(one.school.urn): one.calendar for one in england.listed.values()}
    )
    manifest = write_manifest(folder)
    with (
        rehearsed(folder, origin="demo.example/attendance", clock=clock) as office,
        simulate.child(partial(England.open, england.folder), now=clock.moment) as mis,
        RegisterStore(folder / "register.sqlite") as store,
    ):
        asyncio.run(mis.control(_awkward(england)))
        gate = gatehouse.open_gate(_settings(folder), clock=clock)
        yield Stage(folder, england, mis, office, manifest, Node(gate, PURPOSE, store, calendars), clock)


def _settings(folder: Path) -> GateSettings:
    """The node of the demo writes its answers into the public ledger: all of the demo can be verified in one place."""
    return GateSettings(
        collection=COLLECTION,
        purpose=PURPOSE,
        tier=Tier.AUTHORITY,
        assessments=str(folder / "ledger"),
        roles=folder / "roles.toml",
        log=folder / "ledger",
        log_key=folder / "keys" / "ledger.key",
    )


def _awkward(england: England) -> Control:
    """Some schools have not approved, and some schools' systems misbehave; each kind on schools of its own."""
    schools = iter(england.schools)
    access = {str(one.urn): state for state, number in WITHHELD.items() for one in islice(schools, number)}
    awkward = {kind: [one.urn.number for one in islice(schools, number)] for kind, number in AWKWARD.items()}
    return Control(access=access, awkward=awkward, fault_rate=0.2, fault_burst=1)


def draft_text() -> str:
    """The demo's assessment, as somebody wrote it."""
    return files(__package__).joinpath("data/demo-manifest.toml").read_text(encoding="utf-8")


def write_manifest(folder: Path) -> Manifest:
    """The assessment on disk and as the gate reads it."""
    path = folder / "manifest.toml"
    path.write_text(draft_text(), encoding="utf-8")
    return parse(draft_text(), where=str(path))
