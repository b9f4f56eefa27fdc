"""What lies in a store, in numbers: sizes, weeks, schools, and what is missing. Never a row about a pupil."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from tallyroll.governance import Permit
from tallyroll.register.blocks import DAYS
from tallyroll.register.merging import monday_of
from tallyroll.register.scan.gathering import homes, states
from tallyroll.register.scan.manifest import current
from tallyroll.register.scan.reading import scan
from tallyroll.register.scan.side import ScanSide
from tallyroll.register.store import RegisterStore
from tallyroll.register.words import date_of, day_number
from tallyroll.vocab.packing import HEADER_BYTES, SESSIONS_A_WEEK
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.periods import Session
from tallyroll.vocab.schools import SchoolCalendar

_SIZES = """
SELECT (SELECT count(*) FROM school), count(*), coalesce(sum(length(marks)), 0), coalesce(sum(n_pupils), 0) FROM week
"""
_LATEST = "SELECT urn, monday, max(revision), n_pupils FROM week GROUP BY urn, monday"
_SCHOOLS = """
SELECT urn, revision, n_pupils, (SELECT max(monday) FROM week WHERE week.urn = school.urn) FROM school ORDER BY urn
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a store holds. Unit: bytes, rows, and marks (one pupil, one session of a week, received or not).

    `weeks` are rows of the write side, every revision; `scan_weeks` those of the scan side, the latest revision of
    each. `behind` counts the schools of which the write side knows more than the scan side, or the scan side too much.
    """

    schools: int
    file_bytes: int
    weeks: int
    week_bytes: int
    marks: int
    generation: int
    files: int
    scan_weeks: int
    scan_bytes: int
    scan_week_bytes: int
    scan_marks: int
    behind: int

    @property
    def bits_a_mark(self) -> float:
        """How many bits a mark takes on the scan side, keys of nothing counted."""
        return 8 * self.scan_week_bytes / self.scan_marks if self.scan_marks else 0.0


@dataclass(frozen=True, slots=True)
class SentWeek:
    """A week, how many schools ever sent a mark of it, and how many pupils their blocks reach."""

    monday: date
    schools: int
    pupils: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a school stands: its authority, latest revision, pupils ever numbered, and the last week that it sent."""

    urn: int
    la: str
    revision: int
    pupils: int
    last_week: date | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A school's week of term of which less came than was due. Unit: sessions of the school, not of its pupils."""

    urn: int
    monday: date
    due: int
    sent: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """How many weeks of schools were due and what is missing of them. What never came is nowhere counted as present."""

    due: int
    missing: tuple[Gap, ...]

    @property
    def never(self) -> int:
        """Of how many weeks nothing came at all."""
        return sum(gap.sent == 0 for gap in self.missing)

    @property
    def partly(self) -> int:
        """Of how many weeks some sessions came, and not all."""
        return len(self.missing) - self.never


def sizes(store: RegisterStore) -> Sizes:
    """How much the store holds, on either side."""
    manifest = current(ScanSide.of(store))
    with store.reading() as sql:
        schools, weeks, week_bytes, n_pupils = sql.execute(_SIZES).fetchone()
        latest = {(urn, monday): n for urn, monday, _, n in sql.execute(_LATEST)} if manifest.parts else {}
        stand, known = states(sql), {urn: home.la for urn, home in homes(sql).items()}
    made_of = {(urn, part.la, state) for part in manifest.parts for urn, state in part.revisions.items()}
    now = {(urn, known[urn], state) for urn, state in stand.items() if urn in known}
    files = [file for part in manifest.parts for file in part.files]
    months = [file for part in manifest.parts for file in part.months.values()]
    beside = (store.path, store.path.with_name(f"{store.path.name}-wal"))
    return Sizes(
        schools=schools,
        file_bytes=sum(path.stat().st_size for path in beside if path.exists()),
        weeks=weeks,
        week_bytes=week_bytes,
        marks=n_pupils * SESSIONS_A_WEEK,
        generation=manifest.generation,
        files=len(files),
        scan_weeks=sum(file.n_rows for file in months),
        scan_bytes=sum(file.n_bytes for file in files),
        scan_week_bytes=sum(file.n_bytes for file in months),
        scan_marks=sum(latest.values()) * SESSIONS_A_WEEK,
        behind=len({urn for urn, _, _ in made_of ^ now}),
    )


def weeks(store: RegisterStore) -> tuple[SentWeek, ...]:
    """The weeks that any school ever sent, in order."""
    found: dict[int, list[int]] = {}
    with store.reading() as sql:
        for _, monday, _, n_pupils in sql.execute(_LATEST):
            found.setdefault(monday, []).append(n_pupils)
    return tuple(SentWeek(date_of(monday), len(found[monday]), sum(found[monday])) for monday in sorted(found))


def standings(store: RegisterStore) -> tuple[Standing, ...]:
    """How each school stands, by URN."""
    with store.reading() as sql:
        known = homes(sql)
        return tuple(
            Standing(urn, known[urn].la if urn in known else "", revision, n, None if last is None else date_of(last))
            for urn, revision, n, last in sql.execute(_SCHOOLS)
        )


def gaps(
    permit: Permit, store: RegisterStore, *, authorities: Collection[str] = (), first: date, last: date, now: datetime
) -> Gaps:
    """The weeks of term, by each school's own calendar, of which nothing or only a part came, as the scan side stands.

    Raises: Refused when schools or days lie outside the permit; UsageProblem when there is no scan side.
    """
    sent: dict[tuple[int, int], int] = {}
    for partition in scan(permit, ScanSide.of(store), authorities=authorities, first=first, last=last, now=now):
        sent |= _sent(partition)
    due, missing = 0, []
    for school in store.schools():
        calendar = store.calendar(school.urn) if not authorities or school.laestab.la in authorities else None
        for monday, sessions in _due(calendar, first, last).items() if calendar else ():
            due += 1
            came = sessions & sent.get((school.urn.number, monday), 0)
            if came != sessions:
                missing.append(Gap(school.urn.number, date_of(monday), sessions.bit_count(), came.bit_count()))
    return Gaps(due, tuple(missing))


def _sent(partition: Partition) -> dict[tuple[int, int], int]:
    """Which sessions each school sent of each week, as bits: the head of each packed week."""
    return {
        (urn, day_number(monday)): int.from_bytes(marks[:HEADER_BYTES], "little")
        for table in partition.weeks
        for urn, monday, marks in zip(*(table.column(name).to_pylist() for name in _HEAD), strict=True)
    }


_HEAD = ("urn", "monday", "marks")


def _due(calendar: SchoolCalendar, first: date, last: date) -> dict[int, int]:
    """The sessions of each week in which registers were due, as bits; weeks of holidays are left out."""
    found: dict[int, int] = {}
    for number in range(day_number(first), day_number(last) + 1):
        day, monday = date_of(number), monday_of(number)
        for session in Session if number - monday < DAYS and calendar.is_open(day) else ():
            if calendar.is_open(day, session):
                found[monday] = found.get(monday, 0) | 1 << 2 * (number - monday) + session.number
    return found
