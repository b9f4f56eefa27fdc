"""Several machines collect into one centre over real HTTP, their work shared out by PostgreSQL, and everything dies.

Two machines, two collectors on each, a store for each machine. Collectors are killed at random, and PostgreSQL once in
each pull; in the second pull a whole machine goes for good and the other takes its schools over.
"""

import asyncio
import random
import signal
import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from tests.lib.collectors import HASTY, PATIENT, FastClock, Machine, many_schools
from tests.lib.mis import FIRST
from tests.lib.postgres import server

from tallyroll import simulate, tally
from tallyroll.connectors.wonde import connector
from tallyroll.flows import node
from tallyroll.flows.rota.interface import Collector, Pull, Rota, Turn
from tallyroll.flows.rota.planning import Terms, plan
from tallyroll.flows.rota.postgres import open_postgres
from tallyroll.flows.rota.schedule import pull_at
from tallyroll.simulate import Control
from tallyroll.tally import Tally
from tallyroll.vocab.clock import FixedClock

URNS = range(100001, 100029)
SOURCE = "wonde"
DAYS = [datetime(2026, 9, 7, tzinfo=UTC) + timedelta(days=n) for n in range(5)]
EARLY = DAYS[2].replace(hour=20, minute=5)  # Wednesday, five past nine in London: every turn of the pull is due,
LATE = DAYS[4].replace(hour=20, minute=5)  # and no mark comes while the service's clock stands and ours go
PATIENCE_S = 100  # before the pull closes by the fast clocks; some ten seconds is usual
N_DEATHS = 6  # of collectors, in each pull


class Crew:
    """Collectors on their machines, each killed and started again as the test likes."""

    def __init__(self, *machines: Machine, moment: datetime, terms: Terms, seed: int) -> None:
        self.terms = terms
        self.clock = FastClock(moment, time.time())
        self.drawn = random.Random(seed)
        self.places = [machine for machine in machines for _ in range(2)]
        self.processes = [machine.start(self.clock, terms) for machine in self.places]

    def kill_one(self) -> None:
        """One dies; its place is taken at once."""
        place = self.drawn.randrange(len(self.places))
        self._kill(place)
        self.processes[place] = self.places[place].start(self.clock, self.terms)

    def lose(self, machine: Machine) -> None:
        """A machine goes, with everything that runs on it."""
        for place in reversed(range(len(self.places))):
            if self.places[place] is machine:
                self._kill(place)
                del self.places[place], self.processes[place]

    def end(self) -> None:
        """All die."""
        for place in range(len(self.processes)):
            self._kill(place)

    def _kill(self, place: int) -> None:
        self.processes[place].kill()
        self.processes[place].join()


def share_out(rota: Rota, pull: Pull, *machines: Machine) -> None:
    """Each machine claims its part of the schools, and dies at once."""

    async def run() -> None:
        async with connector({"base_url": machines[0].mis.base_url, "token": machines[0].mis.token}) as source:
            with machines[0].store() as store:
                listed = await source.schools()
                planned = list(plan(machines[0].node(store, FixedClock(EARLY)), listed, pull=pull))
        rota.enrol(SOURCE, planned, pull=pull, now=EARLY)

    asyncio.run(run())
    limits, n = replace(PATIENT.limits, at_once=len(URNS)), len(URNS) // len(machines)
    for machine in machines:
        me = Collector(machine.folder.name, "the first")
        assert len(rota.claim(SOURCE, pull, me, at_most=n, limits=limits, now=EARLY)) == n


def siege(crew: Crew, rota: Rota, pull: Pull, *, midway: Callable[[], None]) -> None:
    """Kill one after another, the database too, until every school is kept; `midway` comes in the middle."""
    until, n_deaths = time.monotonic() + PATIENCE_S, 0
    try:
        while (n := n_kept(rota, pull, crew)) < len(URNS):
            assert time.monotonic() < until, list(rota.lines(SOURCE, now=crew.clock.now()))
            time.sleep(crew.drawn.uniform(0, 0.05))
            if n < (n_deaths + 1) * len(URNS) // (N_DEATHS + 1):
                continue  # the next dies once there is something new to lose
            crew.kill_one()
            n_deaths += 1
            if n_deaths == N_DEATHS // 2:
                midway()
            elif n_deaths == N_DEATHS // 4:
                server().stop(signal.SIGKILL)
                server().start()
    finally:
        crew.end()
    assert n_deaths >= N_DEATHS // 2


def n_kept(rota: Rota, pull: Pull, crew: Crew) -> int:
    round_id = pull.round_id(SOURCE)
    lines = rota.lines(SOURCE, now=crew.clock.now())
    return sum(one.turn is Turn.KEPT and one.round_id == round_id for one in lines)


def assert_queue_is_empty(rota: Rota, pull: Pull, clock: FastClock) -> None:
    now = clock.now()
    assert {one.turn for one in rota.lines(SOURCE, now=now)} == {Turn.KEPT}
    for home in ("north", "south"):
        anybody = Collector(home, "a newcomer")
        assert rota.next_due(SOURCE, pull, anybody, limits=HASTY.limits, now=now) is None
        assert rota.claim(SOURCE, pull, anybody, at_most=9, limits=HASTY.limits, now=now) == ()


def finished(machine: Machine, pull: Pull) -> set[int]:
    with machine.store() as store:
        store.verify()
        return {urn.number for urn in store.finished(pull.round_id(SOURCE))}


def cells(given: Tally) -> list[dict[str, object]]:
    """What a tally counts, whoever counted it when."""
    tables = (given.cells, given.persistent)
    return [row for table in tables for row in table.drop_columns(["revision"]).to_pylist()]


def of(given: Tally, schools: Collection[int]) -> Tally:
    """The part of a tally that these schools contribute."""
    chosen = pa.array(sorted(schools), given.cells.schema.field("contributor").type)
    return Tally(*(one.filter(pc.is_in(one["contributor"], chosen)) for one in (given.cells, given.persistent)))


def at_home(rota: Rota, clock: FastClock) -> dict[int, str]:
    return {one.urn.number: one.home for one in rota.lines(SOURCE, now=clock.now())}


def clean_tally(alone: Machine, clock: FastClock) -> Tally:
    """What one collector that nobody disturbed has counted."""

    async def run() -> None:
        settings = {"base_url": alone.mis.base_url, "token": alone.mis.token}
        async with connector(settings) as source:
            with alone.store() as store:
                await node.collect(alone.node(store, clock), source, last=LATE.date(), days=4, pull=2)

    asyncio.run(run())
    return alone.counted(clock, days=DAYS)


def test_schools_are_finished_once_a_pull_and_count_once_whoever_dies(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))  # where the other processes find this package
    source = many_schools(URNS)
    (calendar,) = {year.calendar for year in source.years.values()}
    assert DAYS[0].date() == FIRST
    with simulate.child(partial(many_schools, URNS), now=EARLY) as mis:
        north, south, alone = (
            Machine(tmp_path / name, mis, address, calendar).settle(URNS)
            for address in [server().database()]
            for name in ("north", "south", "alone")
        )
        with closing(open_postgres(north.rota)) as rota:
            # a pull in which collectors and the database die, and no machine for longer than the grace
            pull = pull_at(EARLY, hours=PATIENT.hours, a_day=2)
            share_out(rota, pull, north, south)
            crew = Crew(north, south, moment=EARLY, terms=PATIENT, seed=1)
            siege(crew, rota, pull, midway=crew.kill_one)
            assert_queue_is_empty(rota, pull, crew.clock)
            homes, by_north, by_south = at_home(rota, crew.clock), finished(north, pull), finished(south, pull)
            assert not by_north & by_south
            assert by_north | by_south == set(URNS)
            assert homes == {urn: "north" if urn in by_north else "south" for urn in URNS}

            # two days later, in another pull: the north goes for good in the middle of it
            asyncio.run(mis.control(Control(now=LATE)))
            crew = Crew(north, south, moment=LATE, terms=HASTY, seed=2)
            pull = pull_at(LATE, hours=PATIENT.hours, a_day=2)
            siege(crew, rota, pull, midway=partial(crew.lose, north))
            assert_queue_is_empty(rota, pull, crew.clock)
            homes_now, by_north, by_south = at_home(rota, crew.clock), finished(north, pull), finished(south, pull)
            assert by_north | by_south == set(URNS)
            assert any(homes[urn] == "north" and homes_now[urn] == "south" for urn in URNS)

        # what the north had finished, and could not say any more, the south has read again: it counts at its home only
        counted = [
            of(machine.counted(crew.clock, days=DAYS), {urn for urn in URNS if homes_now[urn] == machine.folder.name})
            for machine in (north, south)
        ]
        assert cells(tally.merge_all(counted)) == cells(clean_tally(alone, crew.clock))
