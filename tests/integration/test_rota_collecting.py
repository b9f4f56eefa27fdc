"""A collector by the rota: whole days of it in a clock of our own; sources that fail, refusals, another store."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.lib.csvfolders import generic
from tests.lib.gates import a_gate, answers, events, resume, suspend
from tests.lib.registers import CALENDAR

from tallyroll.connectors.csvfile import connector as csv_connector
from tallyroll.connectors.interface import Connector, SourceSchool
from tallyroll.flows.node import Node
from tallyroll.flows.rota.collector import Progress, Shift, run
from tallyroll.flows.rota.interface import Collector, Limits, Line, Turn
from tallyroll.flows.rota.local import LocalRota
from tallyroll.flows.rota.planning import UNTOLD, Terms
from tallyroll.flows.rota.schedule import Retries, moment_of, pulls_of
from tallyroll.register import RegisterStore
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.errors import InputProblem, Refused, SourceProblem
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.identifiers import Urn

N = 6
URNS = tuple(range(100001, 100001 + N))
SCHOOLS = "urn,laestab,name,phase\n" + "".join(
    f"{urn},201{2001 + n},School {n},Primary\n" for n, urn in enumerate(URNS)
)
PUPILS = "urn,pupil,admission_date,leaving_date\n" + "".join(f"{urn},p{urn},2022-09-01,\n" for urn in URNS)
MARKS = "urn,pupil,date,session,code\n" + "".join(f"{urn},p{urn},2026-11-16,AM,/\n" for urn in URNS)
THURSDAY_NIGHT = datetime(2026, 11, 19, 21, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 20, tzinfo=UTC)
PULLS = pulls_of(FRIDAY.date(), hours=Terms().hours, a_day=2)  # as often as the tests' assessment permits
ROUNDS = [pull.round_id("csv") for pull in PULLS]


@dataclass
class Hand:
    """A clock that is moved by hand."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass
class Source:
    """The folder, asked for as a source that may be away, or wrong about some schools; it counts what it was asked."""

    folder: Connector
    clock: Hand
    fails: Callable[[Urn, datetime], InputProblem | None] = lambda urn, now: None
    pulled: list[tuple[int, datetime, str]] = field(default_factory=list)
    hidden: Sequence[int] = ()
    away: tuple[datetime, datetime] = (FRIDAY, FRIDAY)
    name: str = "csv"
    findings: tuple[()] = ()

    def check_answers(self) -> None:
        if self.away[0] <= self.clock.now() < self.away[1]:
            raise SourceProblem("The service does not answer.", retriable=True)

    async def schools(self) -> tuple[SourceSchool, ...]:
        self.check_answers()
        return tuple(one for one in await self.folder.schools() if one.school.urn.number not in self.hidden)

    async def pull(self, permit, source, *, clock, first, last, resume="") -> Extract:
        self.pulled.append((source.school.urn.number, clock.now(), resume))
        self.check_answers()
        problem = self.fails(source.school.urn, clock.now())
        if problem is not None:
            raise problem
        return await self.folder.pull(permit, source, clock=clock, first=first, last=last, resume=resume)


@dataclass
class Place:
    """A collector's place: its node, its rota, what it was told, and how its time passes."""

    node: Node
    rota: LocalRota
    source: Source
    clock: Hand
    home: str = "here"
    terms: Terms = field(default_factory=Terms)
    told: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def run(
        self, until: datetime, *, at: datetime | None = None, when: Callable[[Shift], None] | None = None
    ) -> Progress:
        """A collector from a moment to another; `when` is called each time it rests."""
        self.clock.moment = at or self.clock.moment

        async def work() -> Progress:
            async with self.source.folder:
                shift = self.shift()

                async def pause(seconds: float, woken: asyncio.Event) -> None:
                    if shift.batches:
                        await woken.wait()
                        return
                    self.clock.moment += timedelta(seconds=seconds)
                    if when is not None:
                        when(shift)

                shift.pause = pause
                return await run(shift, until=until)

        return asyncio.run(work())

    def once(self) -> Progress:
        """What `collect --due` does now."""

        async def work() -> Progress:
            async with self.source.folder:
                return await run(self.shift(), once=True)

        return asyncio.run(work())

    def shift(self) -> Shift:
        me = Collector(self.home, f"{self.home} {len(self.told)}")
        return Shift(
            self.node, self.source, self.rota, me, self.terms, lambda event, facts: self.told.append((event, facts))
        )

    def line(self, urn: int) -> Line:
        return next(one for one in self.rota.lines("csv", now=self.clock.now()) if one.urn.number == urn)

    def events(self) -> list[str]:
        return [event for event, _ in self.told if event not in ("listed", "batch")]


@pytest.fixture
def here(tmp_path):
    generic(tmp_path, schools=SCHOOLS, pupils=PUPILS, marks=MARKS)
    clock = Hand(THURSDAY_NIGHT)
    gate = a_gate(tmp_path / "ledger", clock=clock, told=URNS)
    rota = LocalRota(tmp_path / "rota.sqlite")
    with RegisterStore(tmp_path / "register.sqlite") as store:
        node = Node(gate, "attendance-statistics", store, Calendars(CALENDAR, {}, {}))
        source = Source(csv_connector({"folder": str(tmp_path)}), clock)
        yield Place(node, rota, source, clock, terms=Terms(schools_at_once=3))
    rota.close()


def another(here: Place, folder: Path) -> Place:
    """A second machine on the same rota, with a store of its own."""
    store = RegisterStore(folder / "other.sqlite")
    return replace(
        here, node=replace(here.node, store=store), home="there", told=[], source=replace(here.source, pulled=[])
    )


def away(urn: Urn, now: datetime) -> InputProblem | None:
    return SourceProblem("The service does not answer.", retriable=True)


# Days of it


def test_from_a_thursday_night_to_a_tuesday_every_school_is_collected_once_in_each_pull_at_its_moment(here):
    made = here.run(FRIDAY + timedelta(days=4))
    days = [FRIDAY.date(), FRIDAY.date() + timedelta(days=3)]  # and not at the weekend
    pulls = [pull for day in days for pull in pulls_of(day, hours=here.terms.hours, a_day=2)]
    assert (made.kept, made.failed) == (N * 4, 0)
    assert Counter(urn for urn, _, _ in here.source.pulled) == dict.fromkeys(URNS, 4)
    for pull in pulls:
        assert len(here.node.store.finished(pull.round_id("csv"))) == N
        for urn, at, _ in here.source.pulled:
            if pull.opens <= at < pull.closes:
                assert timedelta(0) <= at - moment_of(Urn(urn), pull) <= timedelta(minutes=1, seconds=1)
    assert here.events() == []


def test_the_gate_is_asked_once_a_batch_and_each_batch_stands_in_its_log(here):
    here.run(PULLS[0].closes)
    n_batches = events(here.node.gate).count("batch")
    n_lists = sum(event == "listed" for event, _ in here.told)
    assert answers(here.node.gate) == [("pull", "permit")] * (n_batches + n_lists)
    assert n_batches <= N
    assert 6 <= n_lists <= 7  # once an hour of the seven


def test_what_is_due_is_collected_by_one_call_and_the_next_call_finds_nothing(here):
    here.clock.moment = PULLS[0].opens + (PULLS[0].closes - PULLS[0].opens) * 0.75
    assert here.once().kept == N
    assert here.once().kept == 0
    assert len(here.source.pulled) == N
    here.clock.moment = PULLS[1].opens + (PULLS[1].closes - PULLS[1].opens) * 0.3
    due = {urn for urn in URNS if moment_of(Urn(urn), PULLS[1]) <= here.clock.now()}
    assert 0 < here.once().kept == len(due) < N
    assert {urn for urn, _, _ in here.source.pulled[N:]} == due


def test_between_the_hours_a_call_collects_nothing_and_asks_nothing(here):
    assert here.once().kept == 0
    assert (here.source.pulled, here.told) == ([], [])


def test_a_school_added_in_the_middle_of_a_pull_is_collected_in_it(here):
    here.source.hidden = URNS[:1]

    def appear(shift: Shift) -> None:
        if here.clock.now() > PULLS[0].opens + timedelta(hours=3):
            here.source.hidden = ()

    here.run(PULLS[0].closes, when=appear)
    assert Counter(urn for urn, _, _ in here.source.pulled) == dict.fromkeys(URNS, 1)


def test_a_round_that_was_collected_by_hand_is_not_pulled_again(here):
    here.clock.moment = PULLS[0].closes - timedelta(minutes=1)
    here.once()
    here.rota.close()
    here.rota.path.unlink()  # the rota is lost: the register's round remains the judge
    fresh = replace(here, rota=LocalRota(here.rota.path))
    assert fresh.once().kept == N
    assert len(here.source.pulled) == N
    fresh.rota.close()


# Failures


def test_a_school_that_fails_is_tried_within_its_budget_and_given_up_until_the_next_pull(here):
    def fails(urn: Urn, now: datetime) -> InputProblem | None:
        return away(urn, now) if urn.number == URNS[3] and now < PULLS[0].closes else None

    here.source.fails = fails
    here.terms = replace(here.terms, retries=Retries(budget=3))
    made = here.run(PULLS[0].closes)
    assert (made.kept, made.failed, made.given_up) == (N - 1, 3, 1)
    line = here.line(URNS[3])
    assert (line.turn, line.tries, line.failures, line.reason) == (Turn.GIVEN_UP, 3, 3, "The service does not answer.")
    assert here.run(PULLS[1].closes).kept == N
    assert here.line(URNS[3]).failures == 0


def test_what_only_a_person_can_mend_is_tried_once_in_a_pull(here):
    here.source.fails = lambda urn, now: SourceProblem("The token is not ours.") if urn.number == URNS[0] else None
    made = here.run(PULLS[1].closes)
    assert (made.kept, made.failed, made.given_up) == (2 * N - 2, 2, 2)
    assert (here.line(URNS[0]).missed, here.line(URNS[0]).failures) == (1, 2)


def test_while_the_whole_source_is_away_schools_are_spared_and_when_it_is_back_each_is_collected(here):
    here.source.away = (PULLS[0].opens + timedelta(minutes=10), PULLS[0].opens + timedelta(hours=5))
    here.terms = replace(here.terms, schools_at_once=1)
    here.run(PULLS[0].closes)
    assert len(here.node.store.finished(ROUNDS[0])) == N
    assert sum(at < here.source.away[1] for _, at, _ in here.source.pulled) <= N
    assert here.events()[-1] == "resumed"
    assert {"failed", "waiting"} <= set(here.events())


def test_a_source_that_cannot_list_its_schools_is_waited_for(here):
    here.source.away = (FRIDAY, PULLS[0].opens + timedelta(hours=1))
    here.run(PULLS[0].closes)
    assert here.events() == ["waiting", "resumed"]
    assert len(here.node.store.finished(ROUNDS[0])) == N


def test_a_school_at_which_collectors_ended_more_often_than_the_budget_is_given_up_unread(here):
    here.terms = replace(here.terms, retries=Retries(budget=2), limits=Limits(lease=timedelta(minutes=5)))
    here.source.hidden = URNS[1:]
    at = PULLS[0].opens + timedelta(hours=6)
    here.clock.moment = at
    for n in range(2):  # twice a collector takes it and is never heard of again
        asyncio.run(_enrol_only(here)) if n == 0 else None
        assert (
            len(
                here.rota.claim(
                    "csv",
                    PULLS[0],
                    Collector("here", f"dead {n}"),
                    at_most=9,
                    limits=here.terms.limits,
                    now=at + n * timedelta(minutes=5),
                )
            )
            == 1
        )
    here.run(PULLS[0].closes, at=at + timedelta(minutes=10))
    assert here.source.pulled == []
    assert here.line(URNS[0]).reason == "2 collectors ended in the middle of this school."


async def _enrol_only(here: Place) -> None:
    from tallyroll.flows.rota.collector import _enrol

    async with here.source.folder:
        await _enrol(here.shift(), PULLS[0])


def test_a_bug_ends_the_collector_and_gives_back_what_it_had_claimed(here):
    def bug(urn: Urn, now: datetime) -> InputProblem | None:
        raise ZeroDivisionError

    here.source.fails = bug
    with pytest.raises(ExceptionGroup) as ended:
        here.run(PULLS[0].closes)
    assert ended.group_contains(ZeroDivisionError)
    lines = here.rota.lines("csv", now=here.clock.now())
    assert {(line.turn, line.tries) for line in lines} == {(Turn.WAITING, 0)}


# The gate


def test_a_suspension_stops_the_collector_and_it_goes_on_by_itself_once_that_is_over(here):
    stops, resumes = PULLS[0].opens + timedelta(hours=1), PULLS[0].opens + timedelta(hours=4)
    done: list[str] = []

    def sign(shift: Shift) -> None:
        if here.clock.now() >= stops and not done:
            suspend(here.node.gate)
            done.append("suspended")
        elif here.clock.now() >= resumes and done == ["suspended"]:
            resume(here.node.gate)
            done.append("resumed")

    here.run(PULLS[0].closes, when=sign)
    assert done == ["suspended", "resumed"]
    assert here.events() == ["refused", "resumed"]
    assert not [at for _, at, _ in here.source.pulled if stops + timedelta(minutes=1) < at < resumes]
    assert len(here.node.store.finished(ROUNDS[0])) == N


def test_a_call_that_the_gate_refuses_ends_with_the_refusal(here):
    here.clock.moment = PULLS[0].closes - timedelta(minutes=1)
    suspend(here.node.gate)
    with pytest.raises(Refused) as refusal:
        here.once()
    assert refusal.value.clause == "suspended"


def test_a_school_whose_families_were_not_told_holds_up_no_other(tmp_path, here):
    gate = a_gate(tmp_path / "untold", clock=here.clock, told=URNS[1:])
    here.node = replace(here.node, gate=gate)
    assert here.run(PULLS[0].closes).kept == N - 1
    assert here.line(URNS[0]).barred == UNTOLD
    assert {answer for _, answer in answers(gate)} == {"permit"}


# Several


def test_two_machines_on_one_rota_share_the_schools_and_each_keeps_to_its_own(tmp_path, here):
    there = another(here, tmp_path)
    half = PULLS[0].opens + (PULLS[0].closes - PULLS[0].opens) * 0.4
    here.run(half)
    there.run(PULLS[0].closes)
    first = {urn for urn, _, _ in here.source.pulled}
    second = {urn for urn, _, _ in there.source.pulled}
    assert first | second == set(URNS)
    assert not first & second
    assert 0 < len(first) < N
    here.run(PULLS[1].opens + timedelta(minutes=1), at=PULLS[1].opens)  # here lives: it is seen
    homes = {line.urn.number: line.home for line in here.rota.lines("csv", now=here.clock.now())}
    assert {urn for urn, home in homes.items() if home == "here"} >= first
    there.node.store.close()


def test_when_a_machine_is_gone_for_good_another_reads_its_schools_anew(tmp_path, here):
    here.run(PULLS[0].closes)
    there = another(here, tmp_path)
    there.run(PULLS[1].closes)
    assert {urn for urn, _, _ in there.source.pulled} == set(URNS)
    assert {line.home for line in here.rota.lines("csv", now=here.clock.now())} == {"there"}
    assert len(there.node.store.schools()) == N
    there.node.store.close()
