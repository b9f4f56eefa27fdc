"""`due` and `forget`: what has been kept long enough, and its end. `inventory` proves what is left.

Registers and findings have a time each. Rows go first, then the key of a year whose registers' time is over and that
holds nothing any more; with the key, every copy of that year. Whenever that is broken off, doing it again finishes it:
a key without rows is due as well.

The scan side holds what the registers do, so it goes first, and nobody may compact meanwhile.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from tallyroll.governance.manifest.words import Store
from tallyroll.register.scan import ScanSide, destroy, places
from tallyroll.register.shelf import TO_FRIDAY, weeks_of_year, year_of_week
from tallyroll.register.store import RegisterStore
from tallyroll.register.words import date_of, day_number
from tallyroll.vocab.durations import Duration
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.progress import Advance, unwatched

COUNTED = {Store.REGISTERS: ("pupil", "roll", "week"), Store.FINDINGS: ("finding", "round")}
"""The tables that each store's time rules, and of which `due` says how many rows will go."""

TABLES = ("pupil", "roll", "week", "finding", "round", "bookmark")
"""The tables of which a row could say anything about a person."""

SCAN = "scan"
"""What the years of authorities on the scan side are counted under."""

_DAY = 24 * 60 * 60 * 1_000_000  # microseconds, the store's unit of time


@dataclass(frozen=True, slots=True)
class Due:
    """What a school's academic year holds that has been kept long enough: of its entries, those up to `until`.

    `rows` are counted by table; `scan` among them is the year of the authority on the scan side, which goes with the
    first of its schools. `key`: the year's time is over and its key goes too, once it locks nothing any more; `since`:
    when the first became due.
    """

    school: Urn
    year: AcademicYear
    until: date
    rows: Mapping[str, int]
    key: bool
    since: date

    @property
    def what(self) -> str:
        """The school and the year."""
        return f"{self.school} {self.year.label}"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went, when: rows by table, and how many keys were destroyed."""

    at: datetime
    rows: Mapping[str, int]
    keys: int


class _Group(NamedTuple):
    """Rows of one table, of one school and year, and the last day that they speak of."""

    urn: int
    year: AcademicYear
    table: str
    n_rows: int
    day: date


def due(store: RegisterStore, *, of: Store, retention: Duration, as_of: date) -> tuple[Due, ...]:
    """What is due on this day of registers or of findings, by school and academic year; nothing is changed.

    A week counts from its Friday, a year's roll and list of pupils from 31 August, a round and its findings from the
    day on which they were written. All are due on the day on which `retention` is over. No key is needed to look.
    """
    until = retention.before(as_of)
    keys: set[tuple[int, AcademicYear]] = set()
    with store.reading() as sql:
        groups = [*_rounds(sql, until)] if of is Store.FINDINGS else [*_weeks(sql, until), *_years(sql, until)]
    if of is Store.REGISTERS:
        keys = {(urn.number, year) for urn, year in store.ring.years() if year.last <= until}
    by_year: dict[tuple[int, AcademicYear], list[_Group]] = {one: [] for one in keys}
    for group in groups:
        by_year.setdefault((group.urn, group.year), []).append(group)
    on_scan = _first_of_each(store, by_year) if of is Store.REGISTERS else {}
    return tuple(
        Due(
            Urn(urn),
            year,
            until,
            rows={table: sum(one.n_rows for one in held if one.table == table) for table in COUNTED[of]}
            | on_scan.get((urn, year), {}),
            key=(urn, year) in keys,
            since=retention.after(min((one.day for one in held), default=year.last)),
        )
        for (urn, year), held in sorted(by_year.items())
    )


def _first_of_each(
    store: RegisterStore, years: Iterable[tuple[int, AcademicYear]]
) -> dict[tuple[int, AcademicYear], dict[str, int]]:
    """Those of these schools' years with which a year of an authority goes from the scan side: its first school's."""
    lie = places(ScanSide.of(store))
    firsts: dict[tuple[int, str], tuple[int, AcademicYear]] = {}
    for urn, year in sorted(years):
        if (Urn(urn), year) in lie:
            firsts.setdefault(lie[Urn(urn), year], (urn, year))
    return {first: {SCAN: 1} for first in firsts.values()}


def _weeks(sql: sqlite3.Connection, until: date) -> Iterator[_Group]:
    statement = "SELECT urn, monday, count(*) FROM week WHERE monday <= ? GROUP BY urn, monday"
    for urn, monday, n_rows in sql.execute(statement, (day_number(until) - TO_FRIDAY,)):
        yield _Group(urn, year_of_week(monday), "week", n_rows, date_of(monday + TO_FRIDAY))


def _years(sql: sqlite3.Connection, until: date) -> Iterator[_Group]:
    over = AcademicYear.of(until + timedelta(days=1)).start  # years before this one are over on `until`
    for table, statement in {
        "roll": "SELECT urn, year, count(*) FROM roll WHERE year < ? GROUP BY urn, year",
        "pupil": "SELECT urn, year, count(*) FROM pupil WHERE year < ? GROUP BY urn, year",
    }.items():
        for urn, start, n_rows in sql.execute(statement, (over,)):
            yield _Group(urn, AcademicYear(start), table, n_rows, AcademicYear(start).last)


def _rounds(sql: sqlite3.Connection, until: date) -> Iterator[_Group]:
    for table, statement in {
        "round": "SELECT urn, finished_at / ?1, count(*) FROM round WHERE finished_at < ?2 GROUP BY 1, 2",
        "finding": "SELECT round.urn, finished_at / ?1, count(*) FROM round JOIN finding"
        " ON finding.round_id = round.id AND finding.urn = round.urn WHERE finished_at < ?2 GROUP BY 1, 2",
    }.items():
        for urn, day, n_rows in sql.execute(statement, (_DAY, (day_number(until) + 1) * _DAY)):
            yield _Group(urn, AcademicYear.of(date_of(day)), table, n_rows, date_of(day))


def forget(
    store: RegisterStore, due: Sequence[Due], *, of: Store, now: datetime, advance: Advance = unwatched
) -> Forgotten:
    """Delete what is due of registers or of findings and overwrite where it stood, then destroy the keys that are due.

    A key that still locks a finding stays until that is gone too. Each school's year is one transaction. Broken off,
    it is finished by calling `due` and `forget` again.
    Raises: UsageProblem while the scan side is being compacted.
    """
    went, n_keys = dict.fromkeys(_DELETE[of], 0), 0
    with ExitStack() as stack:
        if of is Store.REGISTERS and due:
            went |= _destroy_scan(store, due, stack)
        for done, one in enumerate(due, start=1):
            bounds = _bounds(one)
            with store.writing() as sql:
                for table, statement in _DELETE[of].items():
                    went[table] += sql.execute(statement, bounds).rowcount
                if of is Store.REGISTERS:
                    sql.execute("UPDATE pupil SET seen = NULL WHERE urn = :urn", bounds)  # it built on what is gone
            if one.key:
                with store.writing() as sql:  # so that nobody writes under the key between this look and its end
                    (n_left,) = sql.execute(_LOCKED, bounds).fetchone()
                    n_keys += n_left == 0 and store.ring.destroy(one.school, one.year)
            advance(done, len(due))
    store.fold()
    return Forgotten(now, went, n_keys)


def _destroy_scan(store: RegisterStore, due: Sequence[Due], stack: ExitStack) -> dict[str, int]:
    """How much went from the scan side, which stays locked as long as the stack."""
    side = ScanSide.of(store)
    stack.enter_context(side.locked())
    gone = destroy(side, {(one.school, one.year) for one in due})
    return {SCAN: gone} if gone else {}


def _bounds(one: Due) -> dict[str, int]:
    """What the statements compare with."""
    first, last = weeks_of_year(one.year)
    return {
        "urn": one.school.number,
        "year": one.year.start,
        "over": one.year.last <= one.until,
        "first_monday": first,
        "last_monday": last,
        "last_due": day_number(one.until) - TO_FRIDAY,
        "begin": day_number(one.year.first) * _DAY,
        "end": (day_number(min(one.year.last, one.until)) + 1) * _DAY,
    }


_DELETE = {
    Store.REGISTERS: {
        "pupil": "DELETE FROM pupil WHERE urn = :urn AND year = :year AND :over",
        "roll": "DELETE FROM roll WHERE urn = :urn AND year = :year AND :over",
        "week": "DELETE FROM week WHERE urn = :urn AND monday BETWEEN :first_monday AND min(:last_monday, :last_due)",
        # changes since a bookmark have nothing to build on once the roll is gone: the school is read whole again
        "bookmark": "DELETE FROM bookmark WHERE urn = :urn AND urn NOT IN (SELECT urn FROM roll WHERE urn = :urn)",
    },
    Store.FINDINGS: {
        "finding": "DELETE FROM finding WHERE urn = :urn AND round_id IN"
        " (SELECT id FROM round WHERE urn = :urn AND finished_at >= :begin AND finished_at < :end)",
        "round": "DELETE FROM round WHERE urn = :urn AND finished_at >= :begin AND finished_at < :end",
    },
}

_LOCKED = """
SELECT (SELECT count(*) FROM week WHERE urn = :urn AND monday BETWEEN :first_monday AND :last_monday)
     + (SELECT count(*) FROM roll WHERE urn = :urn AND year = :year)
     + (SELECT count(*) FROM pupil WHERE urn = :urn AND year = :year)
     + (SELECT count(*) FROM finding WHERE urn = :urn AND year = :year)
"""
"""How many rows the key of this school and year still locks."""

_INVENTORY = """
SELECT (SELECT count(*) FROM pupil) AS pupil, (SELECT count(*) FROM roll) AS roll, (SELECT count(*) FROM week) AS week,
       (SELECT count(*) FROM finding) AS finding, (SELECT count(*) FROM round) AS round,
       (SELECT count(*) FROM bookmark) AS bookmark
"""


def inventory(store: RegisterStore) -> dict[str, int]:
    """How many rows each table holds that could say anything about a person, and how many keys there are.

    `scan` counts the keys of the scan side, one for each authority and year. All 0: the store is empty. What stays are
    schools, their calendars and the dates of revisions.
    """
    with store.reading() as sql:
        counts = sql.execute(_INVENTORY).fetchone()
    keys = {SCAN: len(store.ring.authorities()), "key": len(store.ring.years())}
    return {**dict(zip(TABLES, counts, strict=True)), **keys}
