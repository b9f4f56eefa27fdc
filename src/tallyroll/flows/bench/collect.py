"""Collecting: rounds over real HTTP from the simulated information system, each by a collector in a process of its own.

The evening's round is the ordinary one: every school has its term kept up to the evening before, and sends the marks
changed since then and every student again. A first reading begins with an empty store and brings the whole term. Two
sizes show whether memory grows with the number of schools.
"""

import asyncio
import multiprocessing
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

from tallyroll import simulate
from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.connectors.wonde import connector
from tallyroll.engines.rivals.processes import cpu_seconds_of
from tallyroll.flows import demo, node, stage
from tallyroll.flows.bench.ground import CLOCK, gate, make_england
from tallyroll.flows.bench.machine import peak_memory_mb
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, timed, times_of
from tallyroll.flows.node import Collected, Node
from tallyroll.register import RegisterStore
from tallyroll.simulate import Access, Control, England, Mis
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.progress import Advance
from tallyroll.vocab.schools import SchoolCalendar

SIZES, RUNS = (60, 180), 3


@dataclass(frozen=True, slots=True)
class Round:
    """What one collector did: seconds of wall and processor time, its peak memory, schools, rows of marks, bytes."""

    spent: tuple[float, float]
    peak_mb: float
    schools: int
    marks: int
    n_bytes: int
    mis_cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a collector works: who answers it, and its folder with the store, beside the England of its calendars."""

    mis: Mis
    england: Path
    folder: Path


def collect(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Schools a second, and the collector's peak memory at two sizes."""
    england = make_england(folder, schools=SIZES[-1] * scale, advance=advance)
    few = max(1, round(SIZES[0] * scale))
    history = folder / "history"
    works: list[tuple[str, int, Path | None]] = [
        ("an evening's round", few, history),
        ("an evening's round", len(england.schools), history),
    ]
    works += [("a first reading", few, None)]
    found: list[list[Round]] = [[] for _ in works]
    with _answering(england) as (mis, mis_process):
        desk = Place(mis, england.folder, folder / "desk")
        _keep_history(Place(mis, england.folder, history), england, advance=advance)
        _round(desk, england, few, start=history, process=mis_process)  # for the system to warm up
        for turn in range(runs):
            for (_, n, start), rounds in zip(works, found, strict=True):
                rounds.append(_round(desk, england, n, start=start, process=mis_process))
            advance(turn + 1, runs)
    return _outcome([(f"{kind}, {n} schools", rounds) for (kind, n, _), rounds in zip(works, found, strict=True)])


@contextmanager
def _answering(england: England) -> Iterator[tuple[Mis, int]]:
    """The information system of these schools in a process of its own, and that process's number."""
    before = {one.pid for one in multiprocessing.active_children()}
    with simulate.child(partial(England.open, england.folder), now=CLOCK.moment) as mis:
        (process,) = {one.pid for one in multiprocessing.active_children()} - before
        yield mis, process or 0


def _keep_history(place: Place, england: England, *, advance: Advance) -> None:
    with _node(place) as held:
        approved = [one for one in asyncio.run(_sources(place.mis)) if one.state is SchoolState.APPROVED]
        demo.history_into(held, england, approved, advance=advance)


async def _sources(mis: Mis) -> tuple[SourceSchool, ...]:
    async with connector({"base_url": mis.base_url, "token": mis.token}) as source:
        return await source.schools()


def _round(place: Place, england: England, n: int, *, start: Path | None, process: int) -> Round:
    """One round of the first n schools, from that start, by a fresh process that ends with it."""
    open_to_us = {
        str(school.urn): Access.APPROVED if turn < n else Access.PENDING for turn, school in enumerate(england.schools)
    }
    asyncio.run(place.mis.control(Control(access=open_to_us)))  # also makes it forget the marks it has prepared
    shutil.rmtree(place.folder, ignore_errors=True)
    if start:
        shutil.copytree(start, place.folder)
    before = cpu_seconds_of(process)
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as apart:
        made = apart.submit(_collect, place).result()
    if made.schools != n:
        raise VerificationProblem(f"The bench collected {made.schools} of {n} schools.", mend="Report a bug.")
    return replace(made, mis_cpu_s=cpu_seconds_of(process) - before)


def _collect(place: Place) -> Round:
    """The collector's process: one round, watched from within."""
    with _node(place) as held:
        spent, answer = timed(lambda: asyncio.run(_collected(held, place.mis)))
    assert isinstance(answer, tuple)
    made, n_bytes = answer
    return Round(spent, peak_memory_mb(), made.collected, made.counts.received, n_bytes)


async def _collected(held: Node, mis: Mis) -> tuple[Collected, int]:
    async with connector({"base_url": mis.base_url, "token": mis.token, "per_page": "5000"}) as source:
        made = await node.collect(held, source, last=stage.DAY, days=stage.DAYS_BACK)
        return made, source.n_bytes


@contextmanager
def _node(place: Place) -> Iterator[Node]:
    """A node with its store and gate in the place's folder: a gate that saw this round finished would refuse it."""
    place.folder.mkdir(exist_ok=True)
    england = England.open(place.england)
    listed = england.listed.values()
    calendars = Calendars(SchoolCalendar(()), {}, {str(one.school.urn): one.calendar for one in listed})
    with RegisterStore(place.folder / "register.sqlite") as store:
        yield Node(gate(place.folder, england.schools), stage.PURPOSE, store, calendars)


def _outcome(found: Sequence[tuple[str, list[Round]]]) -> Outcome:
    lines: list[Line] = []
    sizes: dict[str, float] = {}
    for name, rounds in found:
        one, times = rounds[0], times_of([made.spent for made in rounds])
        lines += [Line(name, one.schools, "schools", times), Line(f"{name}, by mark", one.marks, "marks", times)]
        sizes |= {
            f"{name}: bytes of answers": one.n_bytes,
            f"{name}: peak memory, MB": max(made.peak_mb for made in rounds),
            f"{name}: processor seconds of the information system": median(made.mis_cpu_s for made in rounds),
        }
    evening = lines[2]
    return Outcome(tuple(lines), goals=(Goal("schools a second", 30, evening.per_second),), sizes=sizes)
