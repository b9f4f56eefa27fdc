"""Collectors in processes of their own, that can be killed: forked from a server which has imported everything."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from uuid import uuid4

from tallyroll.connectors.wonde import connector
from tallyroll.engines import open_engine
from tallyroll.flows import counting
from tallyroll.flows.gatehouse import open_gate
from tallyroll.flows.node import Node
from tallyroll.flows.rota.collector import Shift, pause, run
from tallyroll.flows.rota.interface import Collector, Limits
from tallyroll.flows.rota.opening import open_rota
from tallyroll.flows.rota.planning import Terms
from tallyroll.flows.rota.schedule import Hours, Retries
from tallyroll.flows.settings import GateSettings
from tallyroll.register import RegisterStore
from tallyroll.simulate import Mis
from tallyroll.simulate.model import SchoolYear
from tallyroll.tally import Tally
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.clock import Clock
from tallyroll.vocab.schools import SchoolCalendar
from tests.lib.gates import write_settings
from tests.lib.mis import Source, school_year

SPEED = 100.0
"""How much faster the collectors' clocks go than the database's: a pause of a minute takes them 0.6 seconds."""

PATIENT = Terms(
    hours=Hours(timedelta(0), timedelta(hours=24)),
    retries=Retries(budget=1000),  # each death costs every school that was held a try
    limits=Limits(at_once=12, lease=timedelta(seconds=1), grace=timedelta(minutes=5)),
    days=4,
    schools_at_once=4,
)
HASTY = replace(PATIENT, limits=replace(PATIENT.limits, grace=timedelta(seconds=2)))
"""How long a machine may be silent before others take its schools: longer than any test, or two seconds."""


@dataclass(frozen=True)
class FastClock:
    """A clock that stood at `moment` when this machine's stood at `since`, and goes SPEED times as fast."""

    moment: datetime
    since: float

    def now(self) -> datetime:
        return self.moment + timedelta(seconds=(time.time() - self.since) * SPEED)


@dataclass(frozen=True)
class Machine:
    """Where a collector works: its folder with gate and store, the service that answers it, the shared rota."""

    folder: Path
    mis: Mis
    rota: str
    calendar: SchoolCalendar

    def settle(self, told: Sequence[int]) -> "Machine":
        """With a ledger of its own, in which the assessment is in force."""
        write_settings(self.folder, told=told)
        return self

    def store(self) -> RegisterStore:
        """Its store; close it."""
        return RegisterStore(self.folder / "register.sqlite")

    def node(self, store: RegisterStore, clock: Clock) -> Node:
        """Its node."""
        gate = open_gate(GateSettings.read(self.folder / "gate.toml"), clock=clock)
        return Node(gate, "attendance-statistics", store, Calendars(self.calendar, {}, {}))

    def start(self, clock: Clock, terms: Terms) -> ForkServerProcess:
        """A collector here, from now on until it is killed."""
        process = _context().Process(target=_collect, args=(self, clock, terms), daemon=True)
        process.start()
        return process

    def counted(self, clock: Clock, *, days: Sequence[datetime]) -> Tally:
        """Its tally over these days, as one revision."""
        first, last = days[0].date(), days[-1].date()
        with self.store() as store, open_engine(threads=1) as engine:
            return counting.count(self.node(store, clock), engine, first=first, last=last, characteristics=("sex",))


@cache
def _context() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _collect(machine: Machine, clock: Clock, terms: Terms) -> None:
    """A collector's process: everything as `tallyroll run` does it, but for the clock."""
    me = Collector(machine.folder.name, uuid4().hex)

    async def work() -> None:
        with machine.store() as store, open_rota(machine.rota) as rota:
            settings = {"base_url": machine.mis.base_url, "token": machine.mis.token, "backoff_s": "0.01"}
            async with connector(settings) as source:
                await run(Shift(machine.node(store, clock), source, rota, me, terms, tell=_silent, pause=_rest))

    asyncio.run(work())


async def _rest(seconds: float, woken: asyncio.Event) -> None:
    """Rest as long as the fast clock takes."""
    await pause(seconds / SPEED, woken)


def _silent(event: str, facts: Mapping[str, object]) -> None:
    """Nobody watches."""


def many_schools(urns: Sequence[int]) -> Source:
    """Small schools, each with absences and late corrections of its own; for a service in another process."""
    return Source({urn: _school(urn, n) for n, urn in enumerate(urns)})


def _school(urn: int, n: int) -> SchoolYear:
    return school_year(
        urn,
        n_pupils=3 + n % 3,
        marks={(n % 3, n % 4, 0): "I", ((n + 1) % 3, 4, 1): "M"},
        settling={(2, (n + 1) % 3, 1): ("N", "L" if n % 2 else "O", 1 + n % 3)},
    )
