"""`screen`: an extract as it came goes in; what stands, what was found, and how much was rejected comes out.

Nothing vanishes: every row received is kept, or rejected with exactly one finding of severity ERROR. A bad row never
takes good ones with it.
"""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.governance import Door, Permit
from tallyroll.register.completeness import Completeness, judge, slots
from tallyroll.register.marks import Period, Sessions, screen_marks
from tallyroll.register.roll import Enrolments, screen_roll
from tallyroll.register.sieve import Sieve, as_plain_text
from tallyroll.register.status import screen_status
from tallyroll.register.stretches import PUPIL, Stretches, from_table, to_table
from tallyroll.register.words import day_number
from tallyroll.vocab.clock import LONDON
from tallyroll.vocab.errors import InputProblem
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.items import ESSENTIAL, Item
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.schools import School, SchoolCalendar
from tallyroll.vocab.shapes import MARKS, RAW_MARKS, RAW_ROLL, RAW_STATUS, conform

_ROLL_ITEMS = {"upn": Item.UPN, "sex": Item.SEX, "enrolment_status": Item.ENROLMENT_STATUS}


@dataclass(frozen=True, slots=True)
class Known:
    """A roll as it was kept before: keys, and spans whose `pupil` is a place in `keys`."""

    keys: tuple[str, ...]
    spans: pa.Table


@dataclass(frozen=True, slots=True)
class Count:
    """Rows received, kept and rejected; received is always the sum of the others."""

    received: int
    kept: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Screened:
    """One school's extract after screening.

    `pupil` in `spans` and `marks` is a place in `keys`. `marks` holds one row per pupil and session with a mark; only
    among changes (`full` false) can a code be 0, for a mark that was taken away.
    """

    school: School
    calendar: SchoolCalendar
    source: str
    taken_at: datetime
    first: date
    last: date
    full: bool
    keys: tuple[str, ...]
    spans: pa.Table
    marks: pa.Table
    findings: tuple[Finding, ...]
    mark_rows: Count
    roll_rows: Count
    status_rows: Count
    completeness: Completeness | None
    removed: tuple[str, ...] = ()
    resume: str = ""

    @property
    def received(self) -> int:
        """Rows of marks that came."""
        return self.mark_rows.received

    @property
    def kept(self) -> int:
        """Rows of marks that stand."""
        return self.mark_rows.kept

    @property
    def rejected(self) -> int:
        """Rows of marks that were rejected, each with a finding."""
        return self.mark_rows.rejected


def screen(
    permit: Permit,
    extract: Extract,
    *,
    calendar: SchoolCalendar,
    now: datetime,
    usual: Completeness | None = None,
    known: Known | None = None,
) -> Screened:
    """An extract judged row by row: what stands of it, and a finding for everything that does not.

    `known` is the roll kept before, against which the marks of a delta are judged; a full extract brings its own.
    `usual` is the school's usual completeness.

    Raises: Refused when the extract lies outside the permit, in schools, days or items.
            VerificationProblem when a table has not the raw shape; InputProblem when the period is reversed.
    """
    _check_permit(permit, extract, now=now)
    period = Period(extract.first, extract.last, now.astimezone(LONDON).date(), calendar)
    year_start = day_number(AcademicYear.of(extract.first).first)
    named, roll_sieve = screen_roll(extract.roll, year_start=year_start)
    stretches, status_sieve = screen_status(extract.status, enrolments=named)
    removed = tuple(key for key in extract.removed if key not in named.place_of)
    enrolments = named if extract.full or known is None else _with_known(named, known, removed=removed)
    presence = enrolments.presence(first=period.start, n_days=period.n_days)
    sessions, mark_sieve = screen_marks(
        extract.marks, enrolments=enrolments, presence=presence, period=period, full=extract.full
    )
    here = slots(sessions, presence=presence, period=period, taken_at=extract.taken_at) if extract.full else None
    lacking = judge(here, enrolments=enrolments, period=period, usual=usual) if here else []
    return _screened(
        extract,
        period=period,
        keys=enrolments.keys,
        stretches=stretches,
        sessions=sessions,
        sieves=(roll_sieve, status_sieve, mark_sieve),
        lacking=lacking,
        completeness=here.completeness if here else None,
        removed=removed,
    )


def _screened(
    extract: Extract,
    *,
    period: Period,
    keys: tuple[str, ...],
    stretches: Stretches,
    sessions: Sessions,
    sieves: tuple[Sieve, Sieve, Sieve],
    lacking: list[Finding],
    completeness: Completeness | None,
    removed: tuple[str, ...],
) -> Screened:
    roll, status, marks = sieves
    urn = extract.school.urn.number
    return Screened(
        school=extract.school,
        calendar=period.calendar,
        source=extract.source,
        taken_at=extract.taken_at,
        first=extract.first,
        last=extract.last,
        full=extract.full,
        keys=keys,
        spans=to_table(stretches, urn=urn),
        marks=_marks_table(sessions, start=period.start, urn=urn),
        findings=(*extract.findings, *roll.findings, *status.findings, *marks.findings, *lacking),
        mark_rows=_count(marks, _rejected_before(extract, "_mark_row")),
        roll_rows=_count(roll, _rejected_before(extract, "_roll_row")),
        status_rows=_count(status, _rejected_before(extract, "_status_row")),
        completeness=completeness,
        removed=removed,
        resume=extract.resume,
    )


def _check_permit(permit: Permit, extract: Extract, *, now: datetime) -> None:
    if extract.last < extract.first:
        raise InputProblem(
            f"The last day of an extract, {extract.last}, lies before its first, {extract.first}.",
            where=f"school {extract.school.urn}",
            mend="Turn them round.",
        )
    for table, shape, name in (
        (extract.roll, RAW_ROLL, "roll"),
        (extract.status, RAW_STATUS, "status"),
        (extract.marks, RAW_MARKS, "marks"),
    ):
        if not table.schema.equals(shape):
            conform(as_plain_text(table.schema).empty_table(), shape, name=name)
    days = (extract.first, extract.last)
    permit.check(Door.PULL, now=now, schools=(extract.school.urn,), days=days, items=_items_of(extract))


def _items_of(extract: Extract) -> frozenset[Item]:
    """The items that an extract holds, wherever they came from: what is not permitted must not get further."""
    roll, status = extract.roll, extract.status
    on_roll = {item for name, item in _ROLL_ITEMS.items() if roll.column(name).null_count < roll.num_rows}
    named = {(text or "").strip() for text in pc.unique(status.column("item")).to_pylist()}
    return ESSENTIAL | on_roll | {item for item in Item if item in named}


def _with_known(named: Enrolments, known: Known, *, removed: tuple[str, ...]) -> Enrolments:
    """The roll that a delta's marks are judged by: whom it names as it says, everybody else as known before."""
    gone = {*removed, *named.keys}
    stay = np.array([key not in gone for key in known.keys], dtype=np.bool_)
    places = np.cumsum(stay) - 1
    stretches = from_table(known.spans)
    stretches = stretches[stay[stretches[:, PUPIL]]]
    stretches[:, PUPIL] = places[stretches[:, PUPIL]]
    keys = tuple(key for key, stays in zip(known.keys, stay.tolist(), strict=True) if stays)
    return named.joined_by(keys, stretches)


def _marks_table(sessions: Sessions, *, start: int, urn: int) -> pa.Table:
    columns = [
        np.full(len(sessions.code), urn, dtype=np.int32),
        sessions.pupil.astype(np.int32),
        pa.array((sessions.day + start).astype(np.int32)).cast(pa.date32()),
        sessions.session.astype(np.uint8),
        sessions.code.astype(np.uint8),
    ]
    return pa.table([pa.array(column) for column in columns], schema=MARKS)


def _rejected_before(extract: Extract, ending: str) -> int:
    """Rows that the connector could not read, and told of: they were received, and are rejected."""
    return sum(one.n_rows for one in extract.findings if one.severity is Severity.ERROR and one.check.endswith(ending))


def _count(sieve: Sieve, rejected_before: int) -> Count:
    rejected = sieve.received - sieve.kept + rejected_before
    return Count(sieve.received + rejected_before, sieve.kept, rejected)
