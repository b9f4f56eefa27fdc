"""Parsing: the bytes of one day's marks, of some 300 schools, to marks that passed every check; against rivals.

The rivals are pydantic, and orjson with a loop in Python. Beside them stands the bulk way in: the same marks as Arrow
IPC.

The bytes are those that the simulated information system sends for the marks changed since the evening before, and for
those of a whole term: one record a mark. Ours are the connector's decoder and columns, then the register's checks of
marks. The roll that marks are judged by is read beforehand, for both; what that costs is in the bench `screen`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.connectors.arrow.extract import within
from tallyroll.connectors.arrow.files import read_source
from tallyroll.connectors.arrow.layout import COLUMNS, Part
from tallyroll.connectors.wonde.marks import PAGES, Marks
from tallyroll.flows.bench.ground import NOW, make_england, permit, screened
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, Work, agree, compare, interleave
from tallyroll.flows.bench.rival_parse import (
    Judge,
    Read,
    checked,
    n_records,
    records_of_orjson,
    records_of_pydantic,
)
from tallyroll.flows.stage import DAY, DAYS_BACK, FIRST
from tallyroll.governance import Door, Permit
from tallyroll.register.marks import Period, screen_marks
from tallyroll.register.roll import Enrolments, Presence
from tallyroll.register.stretches import from_table
from tallyroll.simulate import England, World
from tallyroll.simulate.mis_marks import codes
from tallyroll.vocab.progress import Advance
from tallyroll.vocab.schools import School

SCHOOLS, RUNS = 300, 5
ONE_IN = 15  # so many schools send one term: about as many marks as all of them send in a day
WINDOW = (DAY - timedelta(days=DAYS_BACK), DAY)
TERM = (FIRST, DAY)
BEFORE = NOW - timedelta(days=300)
SINCE = NOW - timedelta(days=1, hours=1)  # a delta reaches an hour behind the evening before
PER_PAGE = 5000
NOBODY_YET = Enrolments((), *(np.zeros(0, dtype=np.int64) for _ in range(5)))


Columns = tuple[npt.NDArray[np.generic], npt.NDArray[np.generic], npt.NDArray[np.generic]]
Answer = tuple[int, int, int, int]
"""Marks that stand, and the sums of their days, sessions and codes."""


@dataclass(frozen=True, slots=True)
class Given:
    """One school's pages of marks of some days, and what they are judged by: all of it ready before the watch runs."""

    pages: tuple[bytes, ...]
    bulk: pa.Buffer  # the same marks as an Arrow IPC file
    n: int
    pupils: dict[str, str]
    codes: dict[str, str]
    period: Period
    enrolments: Enrolments
    presence: Presence
    judge: Judge


def parse(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Marks a second and core, and how many times our cost pydantic's is."""
    loads = records_of_orjson()
    england = make_england(folder, schools=SCHOOLS * scale, advance=advance)
    pull = permit(Door.PULL, england.schools, folder=folder)
    day = [_given(england, pull, school, days=WINDOW, since=SINCE) for school in england.schools]
    term = [_given(england, pull, school, days=TERM, since=BEFORE) for school in england.schools[::ONE_IN]]
    works: dict[str, Work] = {
        "day: typed records": partial(_decoded, day),
        "day: typed records, pydantic": lambda: sum(n_records(page) for one in day for page in one.pages),
        "day: raw columns": lambda: sum(_columns(one, pull).num_rows for one in day),
        "day: every check": partial(_ours, day, pull),
        "day: every check, pydantic": partial(_rivals, day),
        "day: every check, orjson": partial(_rivals, day, read=loads),
        "day: every check, Arrow IPC": partial(_in_bulk, day),
        "term: every check": partial(_ours, term, pull),
        "term: every check, pydantic": partial(_rivals, term),
    }
    times = interleave(works, runs=runs, advance=advance)
    pairs = [(name, f"{name}, pydantic") for name in ("day: typed records", "day: every check", "term: every check")]
    pairs += [("day: every check", "day: every check, orjson"), ("day: every check, Arrow IPC", "day: every check")]
    for pair in pairs:
        agree({name: times[name] for name in pair})
    marks = {"day": sum(one.n for one in day), "term": sum(one.n for one in term)}
    lines = {name: Line(name, marks[name.partition(":")[0]], "marks", its) for name, its in times.items()}
    ratios = tuple(compare(*pair, times) for pair in pairs)
    size = sum(len(page) for one in day for page in one.pages)
    return Outcome(
        lines=tuple(lines.values()),
        ratios=ratios,
        goals=(
            Goal("marks a second and core, every check", 400_000, lines["day: every check"].per_cpu_second),
            Goal("times cheaper than pydantic, every check", 2.5, ratios[1].cpu),
        ),
        sizes={
            "schools, day": len(day),
            "schools, term": len(term),
            "bytes a mark": size / marks["day"],
            "bytes a mark, Arrow IPC": sum(one.bulk.size for one in day) / marks["day"],
        },
    )


def _given(england: England, pull: Permit, school: School, *, days: tuple[date, date], since: datetime) -> Given:
    """The school's marks changed since then, as its information system would send them."""
    world, urn = World(england, now=NOW), school.urn.number
    rows = world.marks(urn).rows(world.timeline(urn).between(int(since.timestamp()), 2**62), frozenset())
    students = [msgspec.json.decode(student.json(())) for student in world.students(urn)]
    listed = [msgspec.json.decode(code) for code in codes(world.history(urn))]
    pupils = {student["id"]: student["upi"] for student in students}
    texts = {code["id"]: code["code"] for code in listed}
    roll = screened(pull, england.school_year(school.urn), first=FIRST, last=DAY)
    enrolments = NOBODY_YET.joined_by(roll.keys, from_table(roll.spans))
    period = Period(*days, DAY, roll.calendar)
    pages = tuple(_page(rows[start : start + PER_PAGE]) for start in range(0, len(rows), PER_PAGE))
    return Given(
        pages=pages,
        bulk=_bulk(_raw_marks(pages, pull, days=days, pupils=pupils, codes=texts)),
        n=len(rows),
        pupils=pupils,
        codes=texts,
        period=period,
        enrolments=enrolments,
        presence=enrolments.presence(first=period.start, n_days=period.n_days),
        judge=Judge.of(pupils=pupils, codes=texts, keys=roll.keys, spans=roll.spans, calendar=roll.calendar, days=days),
    )


def _page(rows: Sequence[bytes]) -> bytes:
    return b'{"data":[' + b",".join(rows) + b'],"meta":{"pagination":{"more":false,"next":null}}}'


def _decoded(given: Sequence[Given]) -> int:
    return sum(len(PAGES.decode(page).data) for one in given for page in one.pages)


def _columns(one: Given, pull: Permit) -> pa.Table:
    """The raw columns as the connector makes them."""
    days = (one.period.first, one.period.last)
    return _raw_marks(one.pages, pull, days=days, pupils=one.pupils, codes=one.codes)


def _raw_marks(
    pages: Sequence[bytes],
    pull: Permit,
    *,
    days: tuple[date, date],
    pupils: dict[str, str],
    codes: dict[str, str],
) -> pa.Table:
    marks = Marks(*days)
    for page in pages:
        marks.add(pull, PAGES.decode(page).data, now=NOW)
    return marks.table(pupils=pupils, codes=codes)


def _bulk(marks: pa.Table) -> pa.Buffer:
    """The marks as a bulk supplier writes them."""
    columns = {name: marks[name].cast(kind) for name, kind in COLUMNS[Part.MARKS].items() if name != "date"}
    columns["date"] = marks["date"].cast(pa.string()).cast(pa.date32())
    table = pa.table({name: columns[name] for name in COLUMNS[Part.MARKS]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _in_bulk(given: Sequence[Given]) -> Answer:
    return _summed(_judged(one, _read_bulk(one)) for one in given)


def _read_bulk(one: Given) -> pa.Table:
    source = pa.BufferReader(one.bulk)
    read = read_source(source, name="marks", part=Part.MARKS, columns=COLUMNS[Part.MARKS])
    return within(read, first=one.period.first, last=one.period.last)


def _ours(given: Sequence[Given], pull: Permit) -> Answer:
    return _summed(_stand(one, pull) for one in given)


def _stand(one: Given, pull: Permit) -> Columns:
    """Our way: the connector's columns, then the register's own judgement of marks."""
    return _judged(one, _columns(one, pull))


def _judged(one: Given, marks: pa.Table) -> Columns:
    found, _ = screen_marks(marks, enrolments=one.enrolments, presence=one.presence, period=one.period, full=False)
    return found.day, found.session, found.code


def _rivals(given: Sequence[Given], *, read: Read = records_of_pydantic) -> Answer:
    return _summed(checked(one.pages, one.judge, read=read) for one in given)


def _summed(parts: Iterable[Columns]) -> Answer:
    total = np.zeros(4, dtype=np.int64)
    for day, session, code in parts:
        total += (len(code), day.sum(dtype=np.int64), session.sum(dtype=np.int64), code.sum(dtype=np.int64))
    n, of_days, of_sessions, of_codes = total.tolist()
    return n, of_days, of_sessions, of_codes
