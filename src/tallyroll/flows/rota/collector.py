"""A collector by the rota: claims the turns that are due, collects them in batches, and says how each ended.

`run` stays until it is stopped; with `once` it ends when nothing is due. What it has claimed when it ends, for
whatever reason, it gives back; what it cannot give back, because it was killed, runs out by itself.

Batches keep the questions to the gate few: about one a minute, however few schools fall due in it. Several go on side
by side over the same slots, so that one slow school holds up none but itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from tallyroll.connectors.interface import Connector
from tallyroll.flows.node import Node, Round, collect_schools, permit_for
from tallyroll.flows.rota.interface import Claim, Collector, Pull, Rota
from tallyroll.flows.rota.planning import Terms, plan
from tallyroll.flows.rota.schedule import next_pull, pull_at, retry_at
from tallyroll.governance import Door
from tallyroll.vocab.clock import today
from tallyroll.vocab.errors import InputProblem, Problem, Refused, SourceProblem
from tallyroll.vocab.identifiers import Urn

BATCH = 64  # schools claimed at once: a question to the gate costs as much as a few of them
EVERY = timedelta(minutes=1)  # between one small batch and the next
SOON = timedelta(seconds=10)  # where a limit, not the schedule, held schools back
AGAIN = timedelta(seconds=30)  # after a refusal; while a source cannot be reached doubled each time, up to
AT_LATEST = timedelta(minutes=10)
RELIST = timedelta(hours=1)  # how often the source is asked for its schools within a pull
LEAST_S = 0.05  # no rest is shorter, so that a clock that lags behind does not make it spin

Tell = Callable[[str, Mapping[str, object]], None]
"""Told what happens, as an event's name and its facts; never about a pupil."""
Pause = Callable[[float, asyncio.Event], Awaitable[None]]
"""Rests so many seconds, or until the event is set."""


async def pause(seconds: float, woken: asyncio.Event) -> None:
    """Rest by the machine's own clock."""
    with suppress(TimeoutError):
        await asyncio.wait_for(woken.wait(), seconds)


@dataclass(slots=True)
class Progress:
    """How a collector fares: its pull, what it did since it started, what is in its way, the moment it rests to."""

    pull: Pull | None = None
    kept: int = 0
    failed: int = 0
    given_up: int = 0
    trouble: str = ""
    rests_to: datetime | None = None


@dataclass(slots=True)
class Shift:
    """A collector at work."""

    node: Node
    connector: Connector
    rota: Rota
    me: Collector
    terms: Terms
    tell: Tell
    pause: Pause = pause
    progress: Progress = field(default_factory=Progress)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False
    open: dict[Urn, Claim] = field(default_factory=dict)
    left: list[Claim] = field(default_factory=list)  # claims of batches that ended without them: to be given back
    batches: set["asyncio.Task[None]"] = field(default_factory=set)
    fault: BaseException | None = None  # what ended a batch
    n_in_vain: int = 0  # tries in a row that failed for what may pass, whichever the school
    n_waits: int = 0  # how often in a row the source was waited for
    is_full: bool = False  # whether claims wait for schools to end
    is_held_back: bool = False  # whether a limit, not the schedule, keeps what is due
    not_before: datetime | None = None  # nothing is claimed until then

    @property
    def now(self) -> datetime:
        """The moment by the gate's clock."""
        return self.node.clock.now()

    @property
    def source(self) -> str:
        """The source that is collected from."""
        return self.connector.name

    @property
    def is_cut_off(self) -> bool:
        """Whether so many tries failed in a row that the source itself, or the network, is at fault."""
        return self.n_in_vain >= 2 * self.terms.schools_at_once

    def stop(self) -> None:
        """Have it end soon: what is under way is given back."""
        self.stopping = True
        self.woken.set()


async def run(shift: Shift, *, once: bool = False, until: datetime | None = None) -> Progress:
    """Collect as schools fall due, until stopped, or until a moment; `once`: until all that is due was taken up.

    A refusal, a source that does not answer and a rota out of reach are told and waited out, unless `once`.
    Raises: Problem for what only a person can mend; with `once`, every Problem.
    """
    slots = asyncio.Semaphore(shift.terms.schools_at_once)
    beats = asyncio.create_task(_beat(shift))
    try:
        while not shift.stopping and (until is None or shift.now < until):
            shift.woken.clear()
            _judge_fault(shift, once=once)
            look_again = await _step(shift, slots, once=once)
            if look_again is None and not shift.batches and shift.fault is None:
                break
            await _rest(shift, look_again, until)
        _judge_fault(shift, once=once)
    finally:
        beats.cancel()
        await _end(shift)
    return shift.progress


async def _rest(shift: Shift, look_again: datetime | None, until: datetime | None) -> None:
    """Until that moment, or until something happens that must be seen to."""
    ends = [moment for moment in (look_again, until) if moment is not None]
    shift.progress.rests_to = min(ends, default=None)
    seconds = (min(ends) - shift.now).total_seconds() if ends else RELIST.total_seconds()
    if not shift.stopping:
        await shift.pause(max(seconds, LEAST_S), shift.woken)


async def _step(shift: Shift, slots: asyncio.Semaphore, *, once: bool) -> datetime | None:
    """One look at the rota, and a batch begun where schools are due; when to look again, None for not at all."""
    await _release(shift)
    if shift.not_before is not None and shift.now < shift.not_before:
        return shift.not_before if shift.is_held_back or not once else None
    shift.not_before, shift.is_full, shift.is_held_back = None, False, False
    try:
        a_day = shift.node.manifest.frequency.pulls_a_day
        pull = shift.progress.pull = pull_at(shift.now, hours=shift.terms.hours, a_day=a_day)
        if pull is not None:
            await _enrol(shift, pull)
            await _claim(shift, pull, slots)
        if not shift.is_full:
            _settle(shift, next_pull(shift.now, hours=shift.terms.hours, a_day=a_day))
    except (Refused, InputProblem) as problem:
        if once:
            raise
        _wait_out(shift, problem)
    if once and not shift.is_held_back:
        return None
    return shift.not_before


def _settle(shift: Shift, following: Pull) -> None:
    """Settle when to look again, now that everything due is claimed."""
    if not shift.batches:
        _is_well_again(shift)
    ends = [following.opens, shift.not_before]
    if shift.progress.pull is not None:
        ends.append(shift.now + RELIST)
    shift.not_before = min(end for end in ends if end is not None)


async def _enrol(shift: Shift, pull: Pull) -> None:
    """Bring the source's list into the rota, unless a collector has done so in this pull less than an hour ago.

    A source that was away is asked for its list until it answers: that costs no school one of its tries.
    """
    listing = await asyncio.to_thread(shift.rota.listing, shift.source)
    is_fresh = listing is not None and listing.pull >= pull and shift.now < listing.at + RELIST
    if is_fresh and not shift.is_cut_off:
        return
    day = today(shift.node.clock)
    first = day - timedelta(days=shift.terms.days)
    permit_for(shift.node, Door.PULL, (), first=first, last=day, pull=pull.number, source=shift.source)
    planned = list(plan(shift.node, await shift.connector.schools(), pull=pull))
    shift.n_in_vain = 0
    await asyncio.to_thread(shift.rota.enrol, shift.source, planned, pull=pull, now=shift.now)
    facts = {"schools": len(planned), "unusable": len(shift.connector.findings)}
    shift.tell("listed", {"round": pull.round_id(shift.source), **facts})


async def _claim(shift: Shift, pull: Pull, slots: asyncio.Semaphore) -> None:
    """Claim what is due, as far as there is room, and begin its batch."""
    shift.is_full = len(shift.open) > BATCH // 2
    if shift.is_full:
        return
    now, limits = shift.now, shift.terms.limits
    ask = partial(shift.rota.claim, shift.source, pull, shift.me, at_most=BATCH, limits=limits, now=now)
    claims = await asyncio.to_thread(ask)
    if claims:
        _begin(shift, pull, claims, slots)
    if len(claims) == BATCH:
        shift.is_full = True
        return
    due = await asyncio.to_thread(shift.rota.next_due, shift.source, pull, shift.me, limits=limits, now=now)
    if due is not None:
        shift.is_held_back = due <= now
        shift.not_before = now + SOON if shift.is_held_back else max(due, now + EVERY)


def _begin(shift: Shift, pull: Pull, claims: Sequence[Claim], slots: asyncio.Semaphore) -> None:
    shift.open |= {claim.urn: claim for claim in claims}
    task = asyncio.create_task(_batch(shift, pull, claims, slots))
    shift.batches.add(task)
    task.add_done_callback(partial(_batch_ended, shift, claims))


def _batch_ended(shift: Shift, claims: Sequence[Claim], task: "asyncio.Task[None]") -> None:
    shift.batches.discard(task)
    shift.left += [shift.open.pop(claim.urn) for claim in claims if shift.open.get(claim.urn) is claim]
    if not task.cancelled():
        shift.fault = shift.fault or task.exception()
    shift.woken.set()


def _judge_fault(shift: Shift, *, once: bool) -> None:
    """Raise what ended a batch, unless it is to be waited out."""
    fault, shift.fault = shift.fault, None
    if isinstance(fault, Refused | InputProblem) and not once:
        _wait_out(shift, fault)
    elif fault is not None:
        raise fault


def _wait_out(shift: Shift, problem: Problem) -> None:
    """Tell what is in the way, once; end what is under way, and claim nothing for a while."""
    for task in shift.batches:
        task.cancel()
    pull, clause = shift.progress.pull, problem.clause if isinstance(problem, Refused) else ""
    is_over = clause == "frequency.pulls_a_day"  # this round was finished another way
    if is_over and pull is not None:
        shift.not_before = pull.closes
    else:
        shift.n_waits = 0 if clause else shift.n_waits + 1
        shift.not_before = shift.now + min(AGAIN * 2 ** min(max(0, shift.n_waits - 1), 9), AT_LATEST)
    if shift.progress.trouble != str(problem):
        shift.progress.trouble = str(problem)
        shift.tell("refused" if clause else "waiting", {"reason": str(problem)})


def _is_well_again(shift: Shift) -> None:
    shift.n_waits = 0
    if shift.progress.trouble:
        shift.progress.trouble = ""
        shift.tell("resumed", {})


async def _batch(shift: Shift, pull: Pull, claims: Sequence[Claim], slots: asyncio.Semaphore) -> None:
    """Collect the claimed schools; how each one ended is said to the rota, and the batch to the gate's log."""
    round_id, day = pull.round_id(shift.source), today(shift.node.clock)
    asked = Round(round_id, pull.number, day - timedelta(days=shift.terms.days), day)
    held = {claim.urn: claim for claim in claims}
    due = [claim for claim in claims if await _is_to_pull(shift, pull, claim)]
    if not due:
        return
    collected, failed = await collect_schools(
        shift.node,
        shift.connector,
        [claim.source for claim in due],
        asked=asked,
        at_once=shift.terms.schools_at_once,
        ended=lambda urn, problem: _school_ended(shift, pull, held[urn], problem),
        anew={claim.urn for claim in due if claim.anew},
        slots=slots,
    )
    facts = {"round": round_id, "schools": collected, "failed": len(failed)}
    shift.node.gate.log.append(at=shift.now, event="batch", facts=facts)
    shift.tell("batch", facts)
    _is_well_again(shift)


async def _is_to_pull(shift: Shift, pull: Pull, claim: Claim) -> bool:
    """Whether a claimed school is to be pulled: not when it is finished, nor when each try ended its collector."""
    if shift.node.store.is_finished(pull.round_id(shift.source), claim.urn):
        await _school_ended(shift, pull, claim, None)
    elif claim.tries > shift.terms.retries.budget:
        what = f"{claim.tries - 1} collectors ended in the middle of this school."
        await _school_ended(shift, pull, claim, InputProblem(what))
    else:
        return True
    return False


async def _school_ended(shift: Shift, pull: Pull, claim: Claim, problem: InputProblem | None) -> None:
    """Say to the rota how a school's turn ended. Raises: SourceProblem once the source itself seems to be away."""
    say = _kept(shift, claim.urn) if problem is None else _failed(shift, pull, claim, problem)
    if not await asyncio.to_thread(partial(say, shift.source, claim, now=shift.now)):
        shift.tell("lost", {"urn": claim.urn.number})
    if shift.open.get(claim.urn) is claim:
        del shift.open[claim.urn]
    if shift.is_full and len(shift.open) <= BATCH // 2:
        shift.woken.set()
    if problem is not None and shift.is_cut_off:
        what = f"Schools fail one after another, the last with: {problem.what}"
        raise SourceProblem(what, mend="See to the network and the source; collecting goes on by itself.")


def _kept(shift: Shift, urn: Urn) -> Callable[..., bool]:
    shift.progress.kept += 1
    shift.n_in_vain = 0
    weeks = shift.node.store.weeks(urn)
    return partial(shift.rota.done, latest_week=weeks[-1] if weeks else None)


def _failed(shift: Shift, pull: Pull, claim: Claim, problem: InputProblem) -> Callable[..., bool]:
    """What may pass is tried again while the budget lasts; what only a person can mend waits for the next pull."""
    again, may_pass = None, isinstance(problem, SourceProblem) and problem.retriable
    if may_pass:
        again = retry_at(claim.urn, pull, tries=claim.tries, retries=shift.terms.retries, now=shift.now)
    shift.n_in_vain = shift.n_in_vain + 1 if may_pass else 0
    shift.progress.failed += 1
    shift.progress.given_up += again is None
    shift.tell("failed", {"urn": claim.urn.number, "reason": problem.what, "again": again})
    return partial(shift.rota.failed, reason=problem.what, retry_at=again)


async def _beat(shift: Shift) -> None:
    """Keep our claims alive; a beat may be missed without harm."""
    limits = shift.terms.limits
    while True:
        await asyncio.sleep(limits.lease.total_seconds() / 3)
        with suppress(InputProblem):  # out of reach: whoever claims or ends a school next says so
            await asyncio.to_thread(shift.rota.beat, shift.me, limits=limits, now=shift.now)


async def _end(shift: Shift) -> None:
    """End the batches that are under way, and give back what they have not finished."""
    tasks = list(shift.batches)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)  # the callbacks of tasks that have just ended come first
    await _release(shift)


async def _release(shift: Shift) -> None:
    if shift.left:
        with suppress(InputProblem):  # out of reach: they run out by themselves
            await asyncio.to_thread(shift.rota.released, shift.source, list(shift.left))
        shift.left.clear()
