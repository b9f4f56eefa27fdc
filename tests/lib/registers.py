"""Builders of small extracts: a test writes the rows it is about, in the order of the raw shapes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from tallyroll.governance import Door
from tallyroll.register import Completeness, Kept, Known, RegisterStore, Screened, keep, known, read, screen
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.periods import Session
from tallyroll.vocab.schools import School, SchoolCalendar, Term
from tallyroll.vocab.shapes import RAW_MARKS, RAW_ROLL, RAW_STATUS, Register
from tests.lib.builders import NOW, permit, school

Row = Sequence[str | None]

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 11, day) for day in range(16, 21))
INSET = date(2026, 11, 13)
CALENDAR = SchoolCalendar(
    terms=(Term("Autumn", date(2026, 9, 1), date(2026, 12, 18), date(2026, 10, 26), date(2026, 10, 30)),),
    closed=frozenset({INSET}),
    closed_sessions=frozenset({(WEDNESDAY, Session.PM)}),
)
EVENING = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
PULL = permit(schools=[Urn(urn) for urn in range(100001, 100060)])
COUNT = permit(Door.COUNT, schools=[Urn(urn) for urn in range(100001, 100060)])


def table(rows: Sequence[Row], shape: pa.Schema) -> pa.Table:
    """A raw table; rows are numbered from 2, as in a file with a header. Missing fields at the end are null."""
    width = len(shape) - 1
    whole = [[*row, *[None] * (width - len(row))] for row in rows]
    texts = [[row[place] for row in whole] for place in range(width)]
    columns: list[Sequence[object]] = [range(2, 2 + len(rows)), *texts]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, shape, strict=True)], shape)


def extract(
    *,
    roll: Sequence[Row] = (("ann", None, "F", "2026-09-01"),),
    status: Sequence[Row] = (),
    marks: Sequence[Row] = (),
    of: School | None = None,
    first: date = MONDAY,
    last: date = FRIDAY,
    full: bool = True,
    removed: tuple[str, ...] = (),
    resume: str = "",
    findings: tuple[Finding, ...] = (),
    taken_at: datetime = EVENING,
) -> Extract:
    """An extract; roll rows are (pupil, upn, sex, admission, leaving, enrolment status)."""
    return Extract(
        school=of or school(),
        source="test",
        taken_at=taken_at,
        first=first,
        last=last,
        full=full,
        roll=table(roll, RAW_ROLL),
        status=table(status, RAW_STATUS),
        marks=table(marks, RAW_MARKS),
        removed=removed,
        resume=resume,
        findings=findings,
    )


def screened(
    given: Extract, *, usual: Completeness | None = None, known: Known | None = None, now: datetime = NOW
) -> Screened:
    """The extract, screened with the calendar above."""
    return screen(PULL, given, calendar=CALENDAR, now=now, usual=usual, known=known)


def kept(store: RegisterStore, given: Extract, *, now: datetime = NOW, round_id: str = "") -> Kept:
    """The extract, screened against what the store knows, and kept."""
    before = known(PULL, store, school=given.school.urn, now=NOW)
    judged = screened(given, known=before)
    return keep(PULL, store, judged, now=now, round_id=round_id)


def opened(folder: Path) -> RegisterStore:
    """A new store in this folder."""
    return RegisterStore(folder / "registers.db")


def reading(
    store: RegisterStore,
    *,
    urns: Sequence[int] = (100001,),
    first: date = date(2026, 9, 1),
    last: date = FRIDAY,
    as_of: datetime | None = None,
) -> Register:
    """What the store holds of these schools."""
    return read(COUNT, store, schools=[Urn(urn) for urn in urns], first=first, last=last, now=NOW, as_of=as_of)


def mark_rows(register: Register) -> list[tuple[int, str, int, int]]:
    """The marks of a register as (pupil, date, session, code number), in order."""
    rows = register.marks.select(["pupil", "date", "session", "code"]).to_pylist()
    return sorted((row["pupil"], str(row["date"]), row["session"], row["code"]) for row in rows)


def checks(judged: Screened) -> list[str]:
    """The names of what was found."""
    return [finding.check for finding in judged.findings]
