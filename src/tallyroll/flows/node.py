"""A node's procession: ask the gate, pull, screen, keep."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count

from tallyroll import register
from tallyroll.connectors.interface import Connector, SchoolState, SignUp, SourceSchool
from tallyroll.governance import Door, Gate, Manifest, Permit, Request, in_force, permitted, require
from tallyroll.governance.memory import round_of
from tallyroll.governance.notices import NOTICES_ISSUED, notice_digest
from tallyroll.register import RegisterStore, RoundCounts
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.clock import Clock, today
from tallyroll.vocab.errors import InputProblem, Problem, SourceProblem, UsageProblem
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.schools import School

_WITHOUT_LIMIT: AbstractAsyncContextManager[object] = nullcontext()
SCHOOLS_A_RECORD = 5_000  # an entry of the log holds 64 kB


@dataclass(frozen=True, slots=True)
class Node:
    """What a node works with: the gate that it asks, for which purpose, its store and calendars."""

    gate: Gate
    purpose: str
    store: RegisterStore
    calendars: Calendars
    elsewhere: frozenset[Urn] = frozenset()  # schools that another collector keeps by now: what is here of them is old

    @property
    def clock(self) -> Clock:
        """The gate's clock: a node has no other."""
        return self.gate.clock

    @property
    def manifest(self) -> Manifest:
        """The assessment in force; Refused where there is none."""
        return in_force(self.gate).manifest


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


Ended = Callable[[Urn, InputProblem | None], Awaitable[None]]
"""Told of each school once it is kept, by whomever, or has failed with a problem."""


@dataclass(frozen=True, slots=True)
class Round:
    """One of a day's rounds by its name, its number from 1, and the days that it reaches for."""

    id: str
    pull: int
    first: date
    last: date


@dataclass(slots=True)
class _Round:
    """A round under way."""

    id: str
    node: Node
    connector: Connector
    permit: Permit
    first: date
    last: date
    anew: Collection[Urn] = ()
    failed: list[tuple[Urn, str]] = field(default_factory=list)
    collected: int = 0


async def collect(
    node: Node,
    connector: Connector,
    *,
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
    permit_for(node, Door.PULL, (), first=first, last=last, pull=pull, source=connector.name)
    sources = await connector.schools()
    approved = [source for source in sources if source.state is SchoolState.APPROVED]
    round_id = round_of(connector.name, node.clock.now(), pull=pull)
    finished = node.store.finished(round_id)
    due = [source for source in approved if source.school.urn not in finished]
    ended = count(1)

    async def tell(urn: Urn, problem: InputProblem | None) -> None:
        advance(next(ended), len(due))

    asked = Round(round_id, pull, first, last)
    collected, failed = await collect_schools(node, connector, due, asked=asked, at_once=schools_at_once, ended=tell)
    made = Collected(
        round_id=round_id,
        by_state=Counter(source.state for source in sources),
        unusable=connector.findings,
        already=len(approved) - collected - len(failed),
        collected=collected,
        failed=failed,
        counts=node.store.counts(round_id),
        findings=node.store.finding_counts(round_id),
    )
    _write_down(node, made)
    return made


async def collect_schools(
    node: Node,
    connector: Connector,
    due: Sequence[SourceSchool],
    *,
    asked: Round,
    at_once: int,
    ended: Ended,
    anew: Collection[Urn] = (),
    slots: AbstractAsyncContextManager[object] = _WITHOUT_LIMIT,
) -> tuple[int, tuple[tuple[Urn, str], ...]]:
    """Some schools of a round, pulled, screened and kept: how many were, and which failed and why.

    The gate is asked once, for exactly these schools. Schools `anew` are read whole, whatever bookmark the store has.
    `slots` holds back several calls that go on side by side: each school is collected within one.
    Raises: Refused by the gate.
    """
    schools, first, last = [source.school for source in due], asked.first, asked.last
    permit = permit_for(node, Door.PULL, schools, first=first, last=last, pull=asked.pull, source=connector.name)
    this = _Round(asked.id, node, connector, permit, first, last, anew)
    await _collect_all(this, due, at_once=at_once, slots=slots, ended=ended)
    return this.collected, tuple(this.failed)


async def invite(node: Node, connector: Connector, urn: Urn) -> SourceSchool:
    """The school with its new state, once it was asked to approve us. The gate is asked first.

    Raises: Refused by the gate; UsageProblem when schools do not sign up with this source.
    """
    if not isinstance(connector, SignUp):
        raise UsageProblem(f"Schools do not sign up with '{connector.name}'.", mend="Its files are all it needs.")
    day = today(node.clock)
    permit_for(node, Door.ENROL, (), first=day, last=day)
    source = await connector.find(urn)
    if source is None:
        raise SourceProblem("The source does not know this school.", where=f"URN {urn}", mend="Check its URN in GIAS.")
    permit_for(node, Door.ENROL, [source.school], first=day, last=day)
    asked = await connector.request_access(source)
    node.gate.log.append(at=node.clock.now(), event="invited", facts={"urn": urn.number, "state": str(asked.state)})
    return asked


def record_notices(gate: Gate, schools: Collection[Urn]) -> str:
    """Write down that the families of these schools were given the notices; gives the digest of what they were told.

    A school is not collected from before (LAW-02). Raises: Refused where no assessment is in force.
    """
    digest, urns = notice_digest(in_force(gate).manifest), sorted(urn.number for urn in schools)
    for start in range(0, len(urns), SCHOOLS_A_RECORD):
        facts = {"notice": digest, "schools": urns[start : start + SCHOOLS_A_RECORD]}
        gate.log.append(at=gate.clock.now(), event=NOTICES_ISSUED, facts=facts)
    return digest


def permit_for(
    node: Node,
    door: Door,
    schools: Sequence[School],
    *,
    first: date,
    last: date,
    characteristics: Sequence[str] = (),
    pull: int = 1,
    source: str = "",
) -> Permit:
    """A permit for these schools, for every item the assessment names for this purpose."""
    request = Request(
        door=door,
        purpose=node.purpose,
        schools=frozenset(school.urn for school in schools),
        items=frozenset() if door is Door.ENROL else permitted(node.gate, node.purpose),
        first=first,
        last=last,
        characteristics=frozenset(characteristics),
        pull=pull,
        source=source,
    )
    authorities = {school.urn: school.laestab.la for school in schools}
    return require(node.gate, request, authorities=authorities)


async def _collect_all(
    this: _Round, due: Sequence[SourceSchool], *, at_once: int, slots: AbstractAsyncContextManager[object], ended: Ended
) -> None:
    queue = iter(due)  # one iterator for all workers: each school is taken once

    async def work() -> None:
        for source in queue:
            urn, failure = source.school.urn, None
            async with slots:
                try:
                    if await _collect_one(this, source):
                        this.collected += 1
                except InputProblem as problem:
                    failure = problem
                    this.node.store.record_failure(this.id, urn, reason=problem.what, now=this.node.clock.now())
                    this.failed.append((urn, str(problem)))
            await ended(urn, failure)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work())
    except ExceptionGroup as group_of:
        problems, bugs = group_of.split(Problem)
        if problems is None or bugs is not None:
            raise
        raise problems.exceptions[0] from group_of  # what a person can mend is said once, not by every worker


async def _collect_one(this: _Round, source: SourceSchool) -> bool:
    """Whether the school was ours to collect; another collector of this round may be quicker, and its line stands."""
    node, urn = this.node, source.school.urn
    resume = (
        "" if urn in this.anew else node.store.resume(urn, this.connector.name)
    )  # before the question, so that it is never the other's
    if node.store.is_finished(this.id, urn):
        return False
    extract = await this.connector.pull(
        this.permit, source, clock=node.clock, first=this.first, last=this.last, resume=resume
    )

    def screen_and_keep() -> bool:
        if node.store.is_finished(this.id, urn):  # asked again, for the pull took its time
            return False
        now = node.clock.now()
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


def _write_down(node: Node, made: Collected) -> None:
    counts = made.counts
    facts = {
        "round": made.round_id,
        "schools": made.collected,
        "failed": len(made.failed),
        "received": counts.received,
        "kept": counts.kept,
        "rejected": counts.rejected,
    }
    node.gate.log.append(at=node.clock.now(), event="collected", facts=facts)
