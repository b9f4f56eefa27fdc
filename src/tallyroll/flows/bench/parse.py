"""Parsing: the bytes of one day's marks, of some 300 schools, to marks that passed every check; against pydantic.

The bytes are those that the simulated information system sends for the marks changed since the evening before: one
record a mark, in one page a school. Ours are the connector's decoder and columns, then `register.screen` against the
known roll.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll import register
from tallyroll.connectors.wonde.marks import Marks
from tallyroll.connectors.wonde.records import Mark, Page
from tallyroll.flows.bench.ground import NOW, make_england, permit, screened
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, Work, agree, compare, interleave
from tallyroll.flows.bench.rival_parse import Judge, checked, n_records
from tallyroll.flows.demo import DAY, DAYS_BACK, FIRST
from tallyroll.governance import Door, Permit
from tallyroll.register import Known
from tallyroll.simulate import England, World
from tallyroll.simulate.mis_marks import codes
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.progress import Advance
from tallyroll.vocab.schools import School, SchoolCalendar
from tallyroll.vocab.shapes import RAW_ROLL, RAW_STATUS

SCHOOLS, RUNS = 300, 5
WINDOW = (DAY - timedelta(days=DAYS_BACK), DAY)
SINCE = NOW - timedelta(days=1, hours=1)  # a delta reaches an hour behind the evening before
_PAGES = msgspec.json.Decoder(Page[Mark])

FIRST_NUMBER = (WINDOW[0] - date(1970, 1, 1)).days

Columns = tuple[npt.NDArray[np.generic], npt.NDArray[np.generic], npt.NDArray[np.generic]]
Answer = tuple[int, int, int, int]
"""Marks that stand, and the sums of their days, sessions and codes."""


@dataclass(frozen=True, slots=True)
class Day:
    """One school's page of marks, and what it is judged by."""

    school: School
    calendar: SchoolCalendar
    page: bytes
    n: int
    pupils: dict[str, str]
    codes: dict[str, str]
    known: Known
    judge: Judge


def parse(scale: float, *, folder: Path, advance: Advance) -> Outcome:
    """Marks a second and core, and how many times our cost pydantic's is."""
    england = make_england(folder, schools=SCHOOLS * scale, advance=advance)
    pull = permit(Door.PULL, england.schools, folder=folder)
    days = list(_days(england, pull))
    n, size = sum(day.n for day in days), sum(len(day.page) for day in days)
    works: dict[str, Work] = {
        "typed records": lambda: sum(len(_PAGES.decode(day.page).data) for day in days),
        "typed records, pydantic": lambda: sum(n_records(day.page) for day in days),
        "raw columns": lambda: sum(_columns(day, pull).num_rows for day in days),
        "every check": partial(_ours, days, pull),
        "every check, pydantic": partial(_rivals, days),
    }
    times = interleave(works, runs=RUNS, advance=advance)
    agree({name: its for name, its in times.items() if name.startswith("every check")})
    whole = compare("every check", "every check, pydantic", times)
    lines = tuple(Line(name, n, "marks", its) for name, its in times.items())
    return Outcome(
        lines=lines,
        ratios=(compare("typed records", "typed records, pydantic", times), whole),
        goals=(
            Goal("marks a second and core, every check", 400_000, lines[3].per_cpu_second),
            Goal("times cheaper than pydantic, every check", 2.5, whole.cpu),
        ),
        sizes={"schools": len(days), "bytes": size, "bytes_a_mark": size / n},
    )


def _days(england: England, pull: Permit) -> Iterable[Day]:
    world = World(england, now=NOW)
    since = int(SINCE.timestamp())
    for school in england.schools:
        urn = school.urn.number
        history, timeline = world.history(urn), world.timeline(urn)
        rows = world.marks(urn).rows(timeline.between(since, 2**62), frozenset())
        students = [msgspec.json.decode(student.json(())) for student in world.students(urn)]
        listed = [msgspec.json.decode(code) for code in codes(history)]
        pupils = {student["id"]: student["upi"] for student in students}
        texts = {code["id"]: code["code"] for code in listed}
        roll = screened(pull, england.school_year(school.urn), first=FIRST, last=DAY)
        known, calendar = Known(roll.keys, roll.spans), roll.calendar
        judge = Judge.of(pupils=pupils, codes=texts, keys=known.keys, spans=known.spans, calendar=calendar, days=WINDOW)
        page = b'{"data":[' + b",".join(rows) + b'],"meta":{"pagination":{"more":false,"next":null}}}'
        yield Day(school, calendar, page, len(rows), pupils, texts, known, judge)


def _columns(day: Day, pull: Permit) -> pa.Table:
    """The raw columns as the connector makes them."""
    marks = Marks(*WINDOW)
    marks.add(pull, _PAGES.decode(day.page).data, now=NOW)
    return marks.table(pupils=day.pupils, codes=day.codes)


def _ours(days: Sequence[Day], pull: Permit) -> Answer:
    """Our way: the connector's columns, then the register's own screening of a delta."""
    return _summed(_stand(day, pull) for day in days)


def _stand(day: Day, pull: Permit) -> Columns:
    extract = Extract(
        school=day.school,
        source="wonde",
        taken_at=NOW,
        first=WINDOW[0],
        last=WINDOW[1],
        full=False,
        roll=RAW_ROLL.empty_table(),
        status=RAW_STATUS.empty_table(),
        marks=_columns(day, pull),
    )
    marks = register.screen(pull, extract, calendar=day.calendar, now=NOW, known=day.known).marks
    numbers = marks["date"].combine_chunks().view(pa.int32()).to_numpy() - FIRST_NUMBER
    return numbers, marks["session"].to_numpy(), marks["code"].to_numpy()


def _rivals(days: Sequence[Day]) -> Answer:
    return _summed(checked(day.page, day.judge) for day in days)


def _summed(parts: Iterable[Columns]) -> Answer:
    total = np.zeros(4, dtype=np.int64)
    for day, session, code in parts:
        total += (len(code), day.sum(dtype=np.int64), session.sum(dtype=np.int64), code.sum(dtype=np.int64))
    n, of_days, of_sessions, of_codes = total.tolist()
    return n, of_days, of_sessions, of_codes
