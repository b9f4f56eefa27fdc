"""The house of 2022: a nation's collection as Tallyroll would have run it then, its clock set by hand.

A public ledger over HTTP with three witnesses, the keys of everybody, one node at the nation with a log of its own, a
service at which schools sign up, and a source of registers. Nothing is let through; everything is synthetic.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from tallyroll.connectors.interface import SourceSchool, open_connector
from tallyroll.connectors.wonde import connector as wonde_connector
from tallyroll.flows import node, office
from tallyroll.flows.gatehouse import open_gate
from tallyroll.flows.node import Collected, Node
from tallyroll.flows.rehearsal import Rehearsal, rehearsed
from tallyroll.flows.settings import GateSettings
from tallyroll.governance import Door, Gate, Manifest, Permit, Refusal, Request, decide, in_force
from tallyroll.governance.lifecycle import History
from tallyroll.governance.manifest import parse
from tallyroll.governance.manifest.words import Tier
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind
from tallyroll.ledger import Entry
from tallyroll.register import RegisterStore
from tallyroll.simulate.mis_serve import running
from tallyroll.simulate.mis_world import Access, Control, World
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.errors import Refused
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.schools import SchoolCalendar, Term
from tests.lib.csvfolders import generic
from tests.lib.mis import TOKEN, Source, school_year
from tests.lib.siege import HandClock

ROOT = Path(__file__).resolve().parents[2]
AS_IT_WAS = (ROOT / "examples" / "as-in-2022.toml").read_text(encoding="utf-8")
COLLECTION, TRIAL, PURPOSE = "nation-attendance", "daily-attendance-trial", "attendance-statistics"
URNS = (Urn(100001), Urn(100002), Urn(100003))
SPRING = Term("Spring", date(2022, 1, 4), date(2022, 4, 1), date(2022, 2, 21), date(2022, 2, 25))
_SCHOOLS = "urn,laestab,name,phase\n" + "".join(f"{u},201{2001 + n},School {n},Primary\n" for n, u in enumerate(URNS))
_PUPILS = "urn,pupil,admission_date,leaving_date\n" + "".join(f"{u},p{u},2021-09-01,\n" for u in URNS)
_MARKS = "urn,pupil,date,session,code\n" + "".join(f"{u},p{u},2022-02-09,AM,/\n" for u in URNS)


def corrected(*changes: tuple[str, str], first: str = "2022-02-08", expires: str = "2023-02-08") -> str:
    """The example of a nation's registers done properly, moved to 2022, without one item; then these changes."""
    text = (ROOT / "examples" / "nation-pupil-level.toml").read_text(encoding="utf-8")
    text = text.replace("valid_from = 2026-09-01", f"valid_from = {first}")
    text = text.replace("expires = 2027-08-31", f"expires = {expires}").replace("2026", "2021").replace("2028", "2024")
    text = re.sub(r'\[\[items\]\]\nname = "previously_looked_after"\n.*?\n\n', "", text, flags=re.DOTALL)
    text = re.sub(r'(requested_items = \[.*?)  "previously_looked_after",\n', r"\1", text, flags=re.DOTALL)
    text = re.sub(r'(characteristics = \[.*?)  "previously_looked_after",\n', r"\1", text, flags=re.DOTALL)
    for old, new in changes:
        if old not in text:
            raise ValueError(old)
        text = text.replace(old, new, 1)
    return text


def following(before: Manifest, *changes: tuple[str, str], reason: str, first: str, expires: str) -> Manifest:
    """A next version, that names the one before it and says why."""
    named = ("mandatory = true", f'mandatory = true\nsupersedes = "{before.digest}"\nreason = "{reason}"')
    return parse(corrected(named, *changes, first=first, expires=expires), where="2022")


@dataclass
class House:
    """Everything that took part, and the verbs of those who did."""

    folder: Path
    rehearsal: Rehearsal
    clock: HandClock
    store: RegisterStore
    world: World

    def on(self, month: int, day: int, hour: int = 12, *, year: int = 2022) -> date:
        """Set the clock, and let the witnesses see the ledger as it is then."""
        self.clock.moment = datetime(year, month, day, hour, tzinfo=UTC)
        self.rehearsal.witness()
        return self.clock.moment.date()

    @property
    def ledger(self) -> Path:
        """The folder of the public ledger."""
        return self.rehearsal.folder / "ledger"

    @cached_property
    def gate(self) -> Gate:
        """The gate of the node, opened once, as by a process that runs all the year."""
        return self.new_gate()

    def new_gate(self) -> Gate:
        """The gate as a process that has just started opens it."""
        settings = GateSettings(
            collection=COLLECTION,
            purpose=PURPOSE,
            tier=Tier.NATION,
            assessments=str(self.ledger),
            roles=self.rehearsal.folder / "roles.toml",
            log=self.folder / "node" / "log",
            log_key=self.folder / "node" / "log.key",
        )
        return open_gate(settings, clock=self.clock)

    @property
    def node(self) -> Node:
        """The node at the nation."""
        return Node(self.gate, PURPOSE, self.store, Calendars(SchoolCalendar((SPRING,)), {}, {}))

    def history(self, collection: str = COLLECTION) -> History:
        """All that the ledger says of a collection."""
        return self.rehearsal.office.assessments.standing().history(collection)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The public ledger, entry by entry."""
        return self.rehearsal.office.assessments.entries()

    def say(
        self,
        kind: Kind,
        *by: Role,
        about: Manifest | None = None,
        letter: bytes | None = None,
        collection: str = COLLECTION,
        **facts: str,
    ) -> Entry:
        """A statement of these roles, as the office takes it: one without effect is refused."""
        keys = [self.rehearsal.keys[one] for one in by]
        papers = {"letter": letter} if letter else {}
        return office.say(
            self.rehearsal.office, kind, collection=collection, keys=keys, manifest=about, facts=facts, documents=papers
        )

    def answer(self, door: Door, **change: object) -> Permit | Refusal:
        """What the gate says to a modest request of today at a door."""
        today = self.clock.moment.date()
        request = Request(door, PURPOSE, frozenset(URNS), ESSENTIAL, today, today)
        return decide(self.gate, replace(request, **change), authorities={})  # type: ignore[arg-type]  # fields of it

    def is_open(self) -> bool:
        """Whether an assessment is in force now."""
        try:
            in_force(self.gate)
        except Refused:
            return False
        return True

    def sign_up(self, urn: Urn) -> SourceSchool:
        """Ask a school to approve us, through the service at which schools sign up."""

        async def ask() -> SourceSchool:
            async with (
                running(self.world) as mis,
                wonde_connector({"base_url": mis.base_url, "token": TOKEN}) as source,
            ):
                return await node.invite(self.node, source, urn)

        return asyncio.run(ask())

    def collect_from_service(self) -> Collected:
        """A round through the company's service."""

        async def run() -> Collected:
            async with (
                running(self.world) as mis,
                wonde_connector({"base_url": mis.base_url, "token": TOKEN}) as source,
            ):
                return await node.collect(self.node, source, last=self.clock.moment.date(), days=3)

        return asyncio.run(run())

    def collect(self, *, pull: int = 1, advance: Advance = unwatched) -> Collected:
        """A round from the schools' own files, a school after the other."""

        async def run() -> Collected:
            async with open_connector("csv", {"folder": str(self.folder / "files")}) as source:
                last = self.clock.moment.date()
                return await node.collect(
                    self.node, source, last=last, days=3, pull=pull, schools_at_once=1, advance=advance
                )

        return asyncio.run(run())


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """The house on 24 January 2022: a ledger that is founded, and no assessment."""
    clock = HandClock(datetime(2022, 1, 24, 9, tzinfo=UTC))
    (folder / "files").mkdir(parents=True)
    generic(folder / "files", schools=_SCHOOLS, pupils=_PUPILS, marks=_MARKS)
    world = World(Source({urn.number: school_year(urn.number) for urn in URNS}), now=clock.moment, token=TOKEN)
    world.apply(Control(access={str(urn): Access.DECLINED for urn in URNS}))
    with (
        rehearsed(folder / "public", origin="department.example/assessments", clock=clock) as rehearsal,
        RegisterStore(folder / "registers.db") as store,
    ):
        yield House(folder, rehearsal, clock, store, world)
