"""Small registers: drawn as text tables for specifications, or at random for laws.

A table is lines of cells parted by `|`; the first line names the columns. A register is three tables:

    schools   school | la | phase
    roll      school | pupil | first | last | any characteristic, by its code; what is not named is unknown
    marks     school | pupil | one column per date: the morning's and the afternoon's code

In marks `-` is a session for which nothing came, `.` one that the register does not have. Blank dates of a roll are
the beginning and the end of time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from hypothesis import strategies as st

from tallyroll.tally.definitions import COMPULSORY_SCHOOL_AGE, EVERYONE, Definition, Population
from tallyroll.vocab.characteristics import BY_NAME, ROLL_CHARACTERISTICS
from tallyroll.vocab.codes import BY_TEXT, CODES
from tallyroll.vocab.packing import PRESENT_WEEK, pack
from tallyroll.vocab.shapes import MARKS, OPEN_END, SCHOOLS, SPANS, WEEKS, Register

ALWAYS = date(2000, 1, 1)

ONE_SCHOOL = """
    school | la  | phase
    100001 | 302 | Primary
"""


def rows_of(table: str) -> list[dict[str, str]]:
    """The rows of a text table."""
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def register(*, roll: str, marks: str, schools: str = ONE_SCHOOL) -> Register:
    """The register that these text tables draw."""
    return Register(
        schools=pa.Table.from_pylist(
            [{"urn": int(row["school"]), "la": row["la"], "phase": row["phase"]} for row in rows_of(schools)],
            schema=SCHOOLS,
        ),
        spans=pa.Table.from_pylist([_span(row) for row in rows_of(roll)], schema=SPANS),
        marks=pa.Table.from_pylist([mark for row in rows_of(marks) for mark in _marks(row)], schema=MARKS),
    )


def _span(row: dict[str, str]) -> dict[str, Any]:
    return {
        "urn": int(row["school"]),
        "pupil": int(row["pupil"]),
        "first": date.fromisoformat(row["first"]) if row.get("first") else ALWAYS,
        "last": date.fromisoformat(row["last"]) if row.get("last") else OPEN_END,
        **{c.name: c.number(row.get(c.name, "")) for c in ROLL_CHARACTERISTICS},
    }


def _marks(row: dict[str, str]) -> Iterable[dict[str, Any]]:
    for column, cell in row.items():
        if column in ("school", "pupil"):
            continue
        for session, text in enumerate(cell.split()):
            if text != ".":
                yield {
                    "urn": int(row["school"]),
                    "pupil": int(row["pupil"]),
                    "date": date.fromisoformat(column),
                    "session": session,
                    "code": 0 if text == "-" else BY_TEXT[text].number,
                }


def joined(*registers: Register) -> Register:
    """Registers of different schools as one."""
    return Register(
        *(pa.concat_tables([getattr(each, part) for each in registers]) for part in ("schools", "spans", "marks"))
    )


URNS = (100001, 100002, 100003, 100004)
DAYS = (date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 2), date(2026, 11, 16))
"""Days of random registers, with a gap; a test's definition sends year 11 away from the third on."""

_PLACES = ("302", "301", "351", "840")  # two of London, one of the North West, one of the North East
_PHASES = ("Primary", "Secondary", "Special", "Alternative provision")
_COMMON = [BY_TEXT[text].number for text in ("/", "\\", "L", "I", "U", "D", "Z", "#", "H")]
_CODES = st.sampled_from(_COMMON) | st.integers(0, len(CODES))


@st.composite
def stretches(draw: st.DrawFn, urn: int, pupil: int) -> list[dict[str, Any]]:
    """One enrolment: joined and left on any days, its status changed up to twice."""
    edges = sorted(draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=3)))
    firsts = [ALWAYS if draw(st.booleans()) else edges[0], *edges[1:]]
    lasts = [
        *(day - timedelta(days=1) for day in firsts[1:]),
        draw(st.sampled_from([OPEN_END, DAYS[-1], DAYS[-2]])),
    ]
    return [
        {
            "urn": urn,
            "pupil": pupil,
            "first": first,
            "last": last,
            **{c.name: draw(_values(c.name)) for c in ROLL_CHARACTERISTICS},
        }
        for first, last in zip(firsts, lasts, strict=True)
        if first <= last
    ]


def _values(characteristic: str) -> st.SearchStrategy[int]:
    values = len(BY_NAME[characteristic].values)
    if characteristic == "year_group":  # unknown, reception, 1, 11, 12 and none matter most
        return st.sampled_from([0, 3, 4, 14, 15, 18]) | st.integers(0, values - 1)
    return st.integers(0, values - 1)


@st.composite
def registers(draw: st.DrawFn, *, urns: Sequence[int] = URNS) -> Register:
    """A register of any of these schools: empty ones, one-pupil ones, movers, marks missing or outside the roll."""
    chosen = draw(st.lists(st.sampled_from(urns), unique=True, max_size=len(urns)))
    schools, spans, marks = [], [], []
    for urn in chosen:
        place = URNS.index(urn)
        schools.append({"urn": urn, "la": _PLACES[place], "phase": _PHASES[place if draw(st.booleans()) else 0]})
        days = sorted(draw(st.sets(st.sampled_from(DAYS))))
        for pupil in range(draw(st.integers(0, 3))):
            spans += draw(stretches(urn, pupil))
            marks += [
                {"urn": urn, "pupil": pupil, "date": day, "session": session, "code": draw(_CODES)}
                for day in days
                for session in draw(st.sampled_from([(0, 1), (0,), (1,)]))
            ]
    return Register(
        pa.Table.from_pylist(schools, schema=SCHOOLS),
        pa.Table.from_pylist(spans, schema=SPANS),
        pa.Table.from_pylist(marks, schema=MARKS),
    )


# Registers as the store holds them: a block of marks for each school and week


Week = npt.NDArray[np.uint8]
"""A week of marks. Shape: [pupils, 10 sessions]."""

MONDAYS = tuple(
    date.fromisoformat(day)
    for day in (
        *("2026-11-09", "2026-11-16", "2026-11-23"),  # weeks one after another, of one month
        *("2026-08-24", "2026-08-31"),  # on both sides of 31 August, and across it
        *("2026-12-28", "2027-01-04"),  # week 53 of 2026, across New Year
        *("2032-12-27", "2024-02-26"),  # week 53 of 2032; a week with 29 February
    )
)
FIRST_MONDAY, LAST_MONDAY = date(1970, 1, 5), date(9999, 12, 20)
"""The ends of the calendar of registers; OPEN_END is the last Friday."""

_LEAVING_DAYS = tuple(date.fromisoformat(day) for day in ("2026-11-11", "2026-11-16", "2026-08-27", "2026-08-24"))
_ODD_YEARS = frozenset({0, 1, 14, 15, 18})  # unknown, nursery, 11, 12, none
_YEAR_GROUPS = (4, 4, 4, 4, 4, 14, 14, 14, 14, 0, 18, 15, 3, *range(19))  # year 11 most often
_BEGINNINGS = (date.min, ALWAYS, date(1970, 1, 5))

_THERE = 255  # stands for the present of a session while a week is drawn
_OFTEN = [BY_TEXT[text].number for text in ("I", "Z", "Z", "#", "D", "X", "H", "L", "U", "/", "\\", "Y1")]
_CODE_OF = np.array([*[_THERE] * 9, 0, 0, *_OFTEN, *range(len(CODES) + 1)], dtype=np.uint8)


@dataclass(frozen=True)
class Blocks:
    """Schools, their roll, and by URN and Monday the weeks that came, each with a row for every number of a pupil."""

    schools: pa.Table
    spans: pa.Table
    weeks: Mapping[tuple[int, date], Week]

    @cached_property
    def register(self) -> Register:
        """The same with a row a mark: of each pupil on the roll, in each session in which anybody has one."""
        pupils: dict[int, set[int]] = {}
        for span in self.spans.to_pylist():
            pupils.setdefault(span["urn"], set()).add(span["pupil"])
        marks = [
            {
                "urn": urn,
                "pupil": pupil,
                "date": monday + timedelta(days=session // 2),
                "session": session % 2,
                "code": int(week[pupil, session]) if pupil < len(week) else 0,
            }
            for (urn, monday), week in self.weeks.items()
            for session in range(10)
            if any(row[session] for row in week)
            for pupil in sorted(pupils.get(urn, ()))
        ]
        return Register(self.schools, self.spans, pa.Table.from_pylist(marks, schema=MARKS))

    @cached_property
    def packed(self) -> list[pa.Table]:
        """The same packed: one table of WEEKS for each month."""
        rows: list[dict[str, Any]] = [
            {"urn": urn, "monday": monday, "revision": 1, "n_pupils": len(week), "marks": pack(week)}
            for (urn, monday), week in sorted(self.weeks.items())
        ]
        months = groupby(sorted(rows, key=lambda row: _month(row["monday"])), key=lambda row: _month(row["monday"]))
        return [pa.Table.from_pylist([*of_month], schema=WEEKS) for _, of_month in months]


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """Any breakdowns in any order, of pupils of any ages, with year 11 leaving on any day, school by school."""
    years = st.sampled_from([EVERYONE.year_groups, COMPULSORY_SCHOOL_AGE.year_groups, _ODD_YEARS])
    leaves = st.sampled_from(_LEAVING_DAYS)
    at = draw(st.dictionaries(st.sampled_from(URNS), leaves, max_size=2))
    names = draw(st.permutations(tuple(BY_NAME)))[: draw(st.integers(0, len(BY_NAME)))]
    return Definition(tuple(names), Population(draw(years), draw(st.none() | leaves), at))


@st.composite
def blocks(draw: st.DrawFn, *, among: Sequence[date] = MONDAYS) -> Blocks:
    """A register of a few schools and weeks.

    Numbers with holes, pupils who come, change and leave on any day, gaps, pupils without marks and marks without
    pupils, blocks that end before the roll does or go beyond it, weeks that never came or hold nothing, any code, and
    rolls of schools that are not listed.
    """
    urns = draw(st.lists(st.sampled_from(URNS), unique=True, min_size=1))
    mondays = draw(st.lists(st.sampled_from(among), unique=True, min_size=1, max_size=4))
    most = draw(st.integers(6, 20))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    schools = [{"urn": urn, "la": rng.choice(_PLACES), "phase": rng.choice(_PHASES)} for urn in urns]
    unlisted = [urn for urn in (99999, *URNS) if urn not in urns and rng.random() < 0.1]
    spans = [
        span
        for urn in (*urns, *unlisted)
        for pupil in range(int(rng.integers(most + 1)))
        if rng.random() < 0.8
        for span in _enrolment(rng, urn, pupil, mondays)
    ]
    weeks = {
        (urn, monday): _week(rng, int(rng.integers(most + 2)), n_sessions=10)
        for urn in urns
        for monday in mondays
        if rng.random() < 0.8
    }
    return Blocks(pa.Table.from_pylist(schools, schema=SCHOOLS), pa.Table.from_pylist(spans, schema=SPANS), weeks)


@st.composite
def loose_registers(draw: st.DrawFn, *, among: Sequence[date] = MONDAYS) -> Register:
    """A register of which any row may be missing, with marks at weekends, in any order."""
    given = draw(blocks(among=among))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    marks = [
        {"urn": urn, "pupil": pupil, "date": monday + timedelta(session // 2), "session": session % 2, "code": code}
        for (urn, monday), week in given.weeks.items()
        for (pupil, session), code in np.ndenumerate(np.hstack([week, _week(rng, len(week), n_sessions=4)]))
        if rng.random() < 0.8
    ]
    rng.shuffle(marks)
    return Register(given.schools, given.spans, pa.Table.from_pylist(marks, schema=MARKS))


def _week(rng: np.random.Generator, n_pupils: int, *, n_sessions: int) -> Week:
    """A week of so many pupils: any sessions sent; each there all week, without a mark, not there yet, or anything."""
    present = np.resize(PRESENT_WEEK[:2], n_sessions)
    week = rng.choice(_CODE_OF, (n_pupils, n_sessions))
    week = np.where(week == _THERE, present, week)
    kind = rng.integers(6, size=n_pupils) * (rng.random(n_pupils) < rng.choice([1, 0.3, 0.1]))
    week[kind == 0] = present
    week[kind == 1] = 0
    week[kind == 2] = BY_TEXT["Z"].number
    sent = rng.random(n_sessions) < rng.choice([1, 1, 0.7, 0.2, 0])
    return np.asarray(week * sent, dtype=np.uint8)


def _enrolment(rng: np.random.Generator, urn: int, pupil: int, mondays: Sequence[date]) -> list[dict[str, Any]]:
    """The stretches of one number: cut on up to five days about these weeks, if any, parts of it missing."""
    near = [monday.toordinal() + day for monday in mondays for day in range(-3, 9)]
    first = int(rng.choice([day.toordinal() for day in _BEGINNINGS]))
    cuts = {day for day in rng.choice(near, rng.choice([0, 0, 0, 1, 2, 3, 5])).tolist() if day > first}
    return [
        {"urn": urn, "pupil": pupil, "first": date.fromordinal(start), "last": date.fromordinal(end - 1)}
        | {c.name: int(rng.integers(len(c.values))) for c in ROLL_CHARACTERISTICS}
        | {"year_group": int(rng.choice(_YEAR_GROUPS))}
        for start, end in pairwise([first, *sorted(cuts), OPEN_END.toordinal() + 1])
        if rng.random() < 0.75
    ]


def as_blocks(register: Register) -> Blocks:
    """The register as the store holds it."""
    weeks: dict[tuple[int, date], Week] = {}
    rows = register.marks.to_pylist()
    for row in rows:
        n_pupils = 1 + max(other["pupil"] for other in rows if other["urn"] == row["urn"] and other["code"])
        monday = row["date"] - timedelta(days=row["date"].weekday())
        week = weeks.setdefault((row["urn"], monday), np.zeros((n_pupils, 10), dtype=np.uint8))
        if row["code"]:
            week[row["pupil"], 2 * row["date"].weekday() + row["session"]] = row["code"]
    return Blocks(register.schools, register.spans, weeks)
