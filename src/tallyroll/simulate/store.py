"""A synthetic England on disk: one folder per authority, one row group per school, every file whole or not there.

Layout: `england.json` (what it is), `schools.parquet` (schools with their calendars), and per authority
`pupils.parquet`, `status.parquet` and `marks.parquet`. Final marks are dense; what was entered first is kept only
where it differs. The same England has the same bytes wherever it is made with the same pyarrow.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tallyroll.simulate.model import PUPILS, STATUS, SchoolYear
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.periods import Session
from tallyroll.vocab.schools import Phase, School, SchoolCalendar, Term

FORMAT = 1
_ABOUT, _SCHOOLS = "england.json", "schools.parquet"

_SCHOOL = pa.schema(
    [
        ("urn", pa.int32()),
        ("laestab", pa.string()),
        ("name", pa.string()),
        ("phase", pa.string()),
        ("place", pa.int32()),  # the school's row group in its authority's files
        ("days", pa.list_(pa.date32())),
        ("calendar", pa.string()),
    ]
)
_MARKS = pa.schema(
    [
        ("final", pa.large_binary()),  # pupils by days by sessions, one byte each
        ("at", pa.large_binary()),  # int32 places of the marks that were first entered otherwise
        ("entered", pa.large_binary()),  # their first bytes
        ("settles", pa.large_binary()),  # and the school days until they were replaced
    ]
)


class AuthorityWriter:
    """Writes one authority's schools. Use it in a `with` block."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._files = {
            name: pq.ParquetWriter(
                folder / f"{name}.parquet",
                schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=repetitive,
                write_statistics=False,
            )
            for name, schema, repetitive in (
                ("pupils", PUPILS, ["forename", "surname", "sex", "admission", "leaving", "enrolment_status"]),
                ("status", STATUS, ["item", "value", "first", "last"]),
                ("marks", _MARKS, False),
            )
        }

    def __enter__(self) -> "AuthorityWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()

    def add(self, year: SchoolYear) -> None:
        """Write one school as the next row group of each file."""
        at = np.flatnonzero(year.final != year.entered).astype(np.int32)
        first, settles = year.entered.reshape(-1)[at], year.settles.reshape(-1)[at]
        marks = [[part.tobytes()] for part in (year.final, at, first, settles)]
        tables = {"pupils": year.pupils, "status": year.status, "marks": pa.table(marks, schema=_MARKS)}
        for name, table in tables.items():
            self._files[name].write_table(table, row_group_size=max(len(table), 1))


def write_about(folder: Path, about: dict[str, object]) -> None:
    """Say what this England is."""
    text = json.dumps({"format": FORMAT, **about}, indent=2, sort_keys=True)
    (folder / _ABOUT).write_text(text + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Listed:
    """A school as the list of schools has it."""

    school: School
    place: int
    days: tuple[date, ...]
    calendar: SchoolCalendar


def write_schools(folder: Path, listed: Iterable[Listed]) -> None:
    """Write the list of schools."""
    rows = [
        {
            "urn": one.school.urn.number,
            "laestab": str(one.school.laestab),
            "name": one.school.name,
            "phase": str(one.school.phase),
            "place": one.place,
            "days": list(one.days),
            "calendar": _calendar_text(one.calendar),
        }
        for one in listed
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=_SCHOOL), folder / _SCHOOLS, compression="zstd")


def read_about(folder: Path) -> dict[str, object]:
    """What the England in this folder is."""
    try:
        about: dict[str, object] = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        mend = "Make one with: tallyroll simulate england --scale 0.02 --seed 1 --out DIR"
        raise UsageProblem("There is no synthetic England here.", where=str(folder), mend=mend) from error
    if about.get("format") != FORMAT:
        raise InputProblem("Another version of Tallyroll made this England.", where=str(folder), mend="Make it again.")
    return about


def read_schools(folder: Path) -> tuple[Listed, ...]:
    """The list of schools."""
    return tuple(
        Listed(
            School(Urn(row["urn"]), Laestab.parse(row["laestab"]), row["name"], Phase(row["phase"])),
            row["place"],
            tuple(row["days"]),
            _calendar(row["calendar"]),
        )
        for row in pq.read_table(folder / _SCHOOLS).to_pylist()
    )


def read_school_year(folder: Path, listed: Listed) -> SchoolYear:
    """One school's year, read from its authority's files."""
    pupils, status, marks = (_group(folder, listed, name) for name in ("pupils", "status", "marks"))
    row = marks.to_pylist()[0]
    final = np.frombuffer(row["final"], dtype=np.uint8).reshape(len(pupils), len(listed.days), 2)
    entered, settles = final.copy(), np.zeros_like(final)
    at = np.frombuffer(row["at"], dtype=np.int32)
    entered.reshape(-1)[at] = np.frombuffer(row["entered"], dtype=np.uint8)
    settles.reshape(-1)[at] = np.frombuffer(row["settles"], dtype=np.uint8)
    return SchoolYear(listed.school, listed.calendar, listed.days, pupils, status, final, entered, settles)


def _group(folder: Path, listed: Listed, name: str) -> pa.Table:
    with pq.ParquetFile(folder / listed.school.laestab.la / f"{name}.parquet") as file:
        return file.read_row_group(listed.place)


def _calendar_text(calendar: SchoolCalendar) -> str:
    tree = {
        "terms": [
            [term.name, *map(str, (term.first, term.last, term.half_term_first, term.half_term_last))]
            for term in calendar.terms
        ],
        "closed": sorted(map(str, calendar.closed)),
        "closed_sessions": sorted([str(day), str(session)] for day, session in calendar.closed_sessions),
    }
    return json.dumps(tree, separators=(",", ":"))


def _calendar(text: str) -> SchoolCalendar:
    tree = json.loads(text)
    terms = tuple(Term(name, *map(date.fromisoformat, days)) for name, *days in tree["terms"])
    half_days = ((date.fromisoformat(day), Session(session)) for day, session in tree["closed_sessions"])
    return SchoolCalendar(terms, frozenset(map(date.fromisoformat, tree["closed"])), frozenset(half_days))
