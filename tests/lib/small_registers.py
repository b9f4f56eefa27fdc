"""Small registers: drawn as text tables for specifications, or at random for laws.

A table is lines of cells parted by `|`; the first line names the columns. A register is three tables:

    schools   school | la | phase
    roll      school | pupil | first | last | any characteristic, by its code; what is not named is unknown
    marks     school | pupil | one column per date: the morning's and the afternoon's code

In marks `-` is a session for which nothing came, `.` one that the register does not have. Blank dates of a roll are
the beginning and the end of time.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from tallyroll.vocab.characteristics import BY_NAME, ROLL_CHARACTERISTICS
from tallyroll.vocab.codes import BY_TEXT, CODES
from tallyroll.vocab.shapes import MARKS, OPEN_END, SCHOOLS, SPANS, Register

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
