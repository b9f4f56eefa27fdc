"""A node's procession: ask the gate, pull, screen, keep; then ask again, read, count. Named rows end here."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from tallyroll import ledger, register, tally
from tallyroll.connectors.interface import Connector, SchoolState, SignUp, SourceSchool
from tallyroll.engines import Engine
from tallyroll.governance import Door, Manifest, Permit, Request, items_of, require
from tallyroll.register import RegisterStore, RoundCounts
from tallyroll.tally import Definition, Population, Tally
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.clock import Clock, today
from tallyroll.vocab.errors import InputProblem, Problem, SourceProblem, UsageProblem
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.periods import days_between
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.schools import FRIDAY, School

SCHOOLS_AT_A_TIME = 40  # read and counted together: bounds memory, about 15,000 pupils


@dataclass(frozen=True, slots=True)
class Node:
    """What a node works with: the assessment in force, its store, journal and calendars."""

    manifest: Manifest
    purpose: str
    store: RegisterStore
    journal: Path
    calendars: Calendars


@dataclass(frozen=True, slots=True)
class Collected:
    """How a round went.

    `by_state` counts schools by sign-up, `unusable` says of others what is wrong with them; `already` were finished by
    an earlier call or by another collector, `failed` names schools and why. `counts` and `findings` (rows by check)
    are those of the whole round, whoever collected it.
    """

    round_id: str
    by_state: Mapping[SchoolState, int]
    unusable: tuple[Finding, ...]
    already: int
    collected: int
    failed: tuple[tuple[Urn, str], ...]
    counts: RoundCounts
    findings: Mapping[tuple[str, Severity], int]

    @property
    def was_finished(self) -> bool:
        """Whether every approved school was finished already, so that nothing was collected."""
        return self.already > 0 and not self.collected and not self.failed


@dataclass(slots=True)
class _Round:
    """A round under way."""

    id: str
    node: Node
    connector: Connector
    clock: Clock
    permit: Permit
    first: date
    last: date
    failed: list[tuple[Urn, str]] = field(default_factory=list)
    collected: int = 0


async def collect(
    node: Node,
    connector: Connector,
    *,
    clock: Clock,
    last: date,
    days: int,
    pull: int = 1,
    schools_at_once: int = 8,
    advance: Advance = unwatched,
) -> Collected:
    """One round: every approved school that is not finished yet, pulled, screened and kept.

    `pull` numbers the rounds of a day (in London), from 1: whichever days they reach for, there are only as many as the
    assessment permits. A round that is finished collects nothing more.

    The gate is asked before the source is spoken to at all, and again for exactly the schools that will be pulled. A
    school is finished when its rows, its bookmark, its line in the round and its findings are on disk in one
    transaction; killed at any moment, the same call goes on with the schools that are not. A school that fails is
    written down and does not hold up the others.
    Raises: Refused by the gate.
    """
    first = last - timedelta(days=days)
    ask = partial(_permit, node, Door.PULL, clock=clock, first=first, last=last, pull=pull)
    ask(())
    sources = await connector.schools()
    approved = [source for source in sources if source.state is SchoolState.APPROVED]
    round_id = f"{connector.name} {today(clock)} {pull}"
    finished = node.store.finished(round_id)
    due = [source for source in approved if source.school.urn not in finished]
    this = _Round(round_id, node, connector, clock, ask([source.school for source in due]), first, last)
    await _collect_all(this, due, schools_at_once=schools_at_once, advance=advance)
    made = Collected(
        round_id=round_id,
        by_state=Counter(source.state for source in sources),
        unusable=connector.findings,
        already=len(approved) - this.collected - len(this.failed),
        collected=this.collected,
        failed=tuple(this.failed),
        counts=node.store.counts(round_id),
        findings=node.store.finding_counts(round_id),
    )
    _write_down(node, made, now=clock.now())
    return made


async def invite(node: Node, connector: Connector, urn: Urn, *, clock: Clock) -> SourceSchool:
    """The school with its new state, once it was asked to approve us. The gate is asked first.

    Raises: Refused by the gate; UsageProblem when schools do not sign up with this source.
    """
    if not isinstance(connector, SignUp):
        raise UsageProblem(f"Schools do not sign up with '{connector.name}'.", mend="Its files are all it needs.")
    day = today(clock)
    _permit(node, Door.PULL, (), clock=clock, first=day, last=day)
    source = await connector.find(urn)
    if source is None:
        raise SourceProblem("The source does not know this school.", where=f"URN {urn}", mend="Check its URN in GIAS.")
    _permit(node, Door.PULL, [source.school], clock=clock, first=day, last=day)
    asked = await connector.request_access(source)
    ledger.append(node.journal, at=clock.now(), event="invited", facts={"urn": urn.number, "state": asked.state})
    return asked


async def _collect_all(this: _Round, due: Sequence[SourceSchool], *, schools_at_once: int, advance: Advance) -> None:
    queue = enumerate(due, start=1)  # one iterator for all workers: each school is taken once

    async def work() -> None:
        for taken, source in queue:
            try:
                if await _collect_one(this, source):
                    this.collected += 1
            except InputProblem as problem:
                urn, now = source.school.urn, this.clock.now()
                this.node.store.record_failure(this.id, urn, reason=problem.what, now=now)
                this.failed.append((urn, str(problem)))
            advance(taken, len(due))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(schools_at_once):
                group.create_task(work())
    except ExceptionGroup as group_of:
        problems, bugs = group_of.split(Problem)
        if problems is None or bugs is not None:
            raise
        raise problems.exceptions[0] from group_of  # what a person can mend is said once, not by every worker


async def _collect_one(this: _Round, source: SourceSchool) -> bool:
    """Whether the school was ours to collect; another collector of this round may be quicker, and its line stands."""
    node, urn = this.node, source.school.urn
    resume = node.store.resume(urn, this.connector.name)  # before the question, so that it is never the other's
    if node.store.is_finished(this.id, urn):
        return False
    extract = await this.connector.pull(
        this.permit, source, clock=this.clock, first=this.first, last=this.last, resume=resume
    )

    def screen_and_keep() -> bool:
        if node.store.is_finished(this.id, urn):  # asked again, for the pull took its time
            return False
        now = this.clock.now()
        screened = register.screen(
            this.permit,
            extract,
            calendar=node.calendars.of(source.school),
            now=now,
            usual=node.store.usual(urn),
            known=None if extract.full else register.known(this.permit, node.store, school=urn, now=now),
        )
        register.keep(this.permit, node.store, screened, now=now, round_id=this.id)
        return True

    return await asyncio.to_thread(screen_and_keep)  # keeps the event loop free to read answers


def count(
    node: Node,
    engine: Engine,
    *,
    clock: Clock,
    first: date,
    last: date,
    characteristics: Sequence[str],
    authorities: Collection[str] = (),
    as_of: datetime | None = None,
    advance: Advance = unwatched,
) -> Tally:
    """The tally of the kept schools from first to last, persistent absence over the same days included.

    `authorities` (old LA codes) leaves out the schools of others; none means all. `as_of` counts what was known at an
    earlier moment, which is then the tally's revision.
    """
    schools = [one for one in node.store.schools() if not authorities or one.laestab.la in authorities]
    permit = _permit(node, Door.COUNT, schools, clock=clock, first=first, last=last, characteristics=characteristics)
    now = clock.now()
    definition = Definition(tuple(characteristics), _population(node.calendars, schools))
    revision = int((as_of or now).timestamp() * 1_000_000)
    school_days = [day for day in days_between(first, last) if day.weekday() <= FRIDAY]
    parts = []
    for done, chunk in enumerate(_chunks(schools), start=1):
        held = register.read(
            permit,
            node.store,
            schools=[school.urn for school in chunk],
            first=first,
            last=last,
            now=now,
            as_of=as_of,
        )
        counted = tally.count(permit, engine, held, definition=definition, now=now, revision=revision, days=school_days)
        persistent = tally.count_persistent(
            permit, engine, held, definition=definition, first=first, last=last, now=now, revision=revision, whole=True
        )
        parts.append(Tally(counted.cells, persistent))
        advance(min(done * SCHOOLS_AT_A_TIME, len(schools)), len(schools))
    return tally.merge_all(parts)


def _permit(
    node: Node,
    door: Door,
    schools: Sequence[School],
    *,
    clock: Clock,
    first: date,
    last: date,
    characteristics: Sequence[str] = (),
    pull: int = 1,
) -> Permit:
    """A permit for these schools, for every item the assessment names for this purpose."""
    request = Request(
        door=door,
        purpose=node.purpose,
        schools=frozenset(school.urn for school in schools),
        items=items_of(node.manifest, node.purpose) or frozenset(ESSENTIAL),
        first=first,
        last=last,
        characteristics=frozenset(characteristics),
        pull=pull,
    )
    authorities = {school.urn: school.laestab.la for school in schools}
    return require(node.manifest, request, clock=clock, authorities=authorities, journal=node.journal)


def _population(calendars: Calendars, schools: Sequence[School]) -> Population:
    """Compulsory school age, year 11 until the second half of each school's own summer term."""
    leaves = {school.urn.number: tally.second_half_of_summer(calendars.of(school)) for school in schools}
    known = {urn: day for urn, day in leaves.items() if day is not None}
    return Population(tally.COMPULSORY_SCHOOL_AGE.year_groups, year_11_leaves_at=known)


def _chunks(schools: Sequence[School]) -> Iterator[tuple[School, ...]]:
    rest = iter(schools)
    while chunk := tuple(islice(rest, SCHOOLS_AT_A_TIME)):
        yield chunk


def _write_down(node: Node, made: Collected, *, now: datetime) -> None:
    counts = made.counts
    facts = {
        "round": made.round_id,
        "schools": made.collected,
        "failed": len(made.failed),
        "received": counts.received,
        "kept": counts.kept,
        "rejected": counts.rejected,
    }
    ledger.append(node.journal, at=now, event="collected", facts=facts)
