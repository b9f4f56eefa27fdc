"""What the scan side is made of: one authority's schools out of the write side, as it stands in one transaction.

Before a block is decrypted, its stamp is looked at: which school, which week or year, which revision, received when.
Files are made anew when the stamps behind them differ, be it by a new revision, a week that was forgotten, a school
that came or went, or a store that was put back to an earlier state.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.register.shelf import TO_FRIDAY, Shelf
from tallyroll.register.store import RegisterStore
from tallyroll.register.stretches import to_table
from tallyroll.vocab.packing import pack
from tallyroll.vocab.periods import SEPTEMBER, AcademicYear
from tallyroll.vocab.shapes import SCHOOLS, SPANS, WEEKS

Stamps = npt.NDArray[np.int64]
State = tuple[int, int]
"""A school's revision and when it was received: two stores in the same state of a school hold the same of it."""

_URN, _MONDAY, _YEAR, _REVISION = 0, 1, 1, 2

_HOMES = "SELECT urn, max(revision), la, phase FROM facts GROUP BY urn ORDER BY urn"
_STATES = "SELECT urn, revision, received_at FROM school JOIN revision USING (urn, revision)"
_WEEKS = """
SELECT urn, monday, revision, received_at
FROM (SELECT urn, monday, max(revision) AS revision FROM week
      WHERE urn IN (SELECT value FROM json_each(?)) GROUP BY urn, monday)
JOIN revision USING (urn, revision) ORDER BY urn, monday
"""
_ROLLS = """
SELECT urn, year, revision, received_at
FROM (SELECT urn, year, max(revision) AS revision FROM roll
      WHERE urn IN (SELECT value FROM json_each(?)) GROUP BY urn, year)
JOIN revision USING (urn, revision) ORDER BY urn, year
"""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a school counts now: its authority and its phase."""

    la: str
    phase: str


def homes(sql: sqlite3.Connection) -> dict[int, Home]:
    """Where each school counts, by URN."""
    return {urn: Home(la, phase) for urn, _, la, phase in sql.execute(_HOMES)}


def states(sql: sqlite3.Connection, urns: str | None = None) -> dict[int, State]:
    """The state of each school, by URN; of these only, if they are given (as JSON)."""
    only = " WHERE urn IN (SELECT value FROM json_each(?))"
    rows = sql.execute(_STATES) if urns is None else sql.execute(_STATES + only, (urns,))
    return {urn: (revision, received_at) for urn, revision, received_at in rows}


@dataclass(frozen=True, slots=True)
class AuthorityNow:
    """One authority's schools in the write side, seen through one transaction."""

    store: RegisterStore
    sql: sqlite3.Connection
    la: str
    homes: Mapping[int, Home]
    weeks: Stamps
    rolls: Stamps
    states: Mapping[int, State]

    @classmethod
    def look(cls, store: RegisterStore, sql: sqlite3.Connection, la: str, homes: Mapping[int, Home]) -> "AuthorityNow":
        """The stamps of these schools; nothing is decrypted yet."""
        urns = json.dumps([*homes])
        weeks, rolls = (_stamps(sql, statement, urns) for statement in (_WEEKS, _ROLLS))
        return cls(store, sql, la, homes, weeks, rolls, states(sql, urns))

    def years(self) -> list[AcademicYear]:
        """The academic years of which there is a week or a roll."""
        return [AcademicYear(int(one)) for one in np.union1d(_years(self.weeks), self.rolls[:, _YEAR])]

    def of_year(self, year: AcademicYear) -> "YearOfAuthority":
        """What there is of a year."""
        weeks = self.weeks[_years(self.weeks) == year.start]
        urns = np.union1d(weeks[:, _URN], self.rolls[self.rolls[:, _YEAR] == year.start, _URN])
        return YearOfAuthority(self, year, weeks, tuple(urns.tolist()))

    def shelf(self, urn: int) -> Shelf:
        """One school's shelf."""
        return self.store.shelf(self.sql, urn)


@dataclass(frozen=True, slots=True)
class YearOfAuthority:
    """One authority's academic year: the stamps of its weeks, and the schools that have a week or a roll in it."""

    authority: AuthorityNow
    year: AcademicYear
    weeks: Stamps
    urns: tuple[int, ...]

    @property
    def states(self) -> dict[int, State]:
        """The states of its schools."""
        return {urn: self.authority.states[urn] for urn in self.urns}

    def months(self) -> dict[str, Stamps]:
        """The stamps of the weeks, by the calendar month of their Monday."""
        labels = _days(self.weeks).astype("datetime64[M]")
        return {str(month): self.weeks[labels == month] for month in np.unique(labels)}

    def roll_stamps(self) -> Stamps:
        """The stamp of each school's part of the roll: the year's own, or else the nearest, for it reaches here."""
        found = []
        for urn in self.urns:
            parts = self.authority.rolls[self.authority.rolls[:, _URN] == urn]
            found += [*parts[[np.argmin(np.abs(parts[:, _YEAR] - self.year.start))]]] if len(parts) else []
        return np.array(found, dtype=np.int64).reshape(-1, 4)

    def roll_table(self, stamps: Stamps) -> pa.Table:
        """The schools' parts of the roll, by urn, pupil and first day."""
        tables = (
            to_table(self.authority.shelf(urn).roll_parts(revision=revision)[year], urn=urn)
            for urn, year, revision, _ in stamps.tolist()
        )
        return pa.concat_tables([SPANS.empty_table(), *tables]).combine_chunks()

    def schools_table(self) -> pa.Table:
        """The schools and where they count now."""
        homes = [self.authority.homes[urn] for urn in self.urns]
        columns = [self.urns, [one.la for one in homes], [one.phase for one in homes]]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHOOLS, strict=True)]
        return pa.table(arrays, schema=SCHOOLS)

    def weeks_table(self, stamps: Stamps) -> pa.Table:
        """The weeks behind these stamps, packed, by urn and Monday."""
        rows = [*self._packed(stamps)]
        n_pupils = pa.array([number for number, _ in rows], pa.int32())
        return weeks_table(
            stamps[:, _URN], stamps[:, _MONDAY], stamps[:, _REVISION], n_pupils, [one for _, one in rows]
        )

    def _packed(self, stamps: Stamps) -> Iterator[tuple[int, bytes]]:
        starts = np.flatnonzero(np.diff(stamps[:, _URN], prepend=-1)).tolist()
        for start, end in zip(starts, [*starts[1:], len(stamps)], strict=True):
            urn, first, last = (int(stamps[start, 0]), int(stamps[start, 1]), int(stamps[end - 1, 1]))
            for marks in self.authority.shelf(urn).weeks(first=first, last=last).values():
                yield len(marks), pack(marks)


def weeks_table(
    urns: npt.ArrayLike, mondays: npt.ArrayLike, revisions: npt.ArrayLike, n_pupils: pa.Array, packed: Collection[bytes]
) -> pa.Table:
    """A table of weeks of these columns."""
    columns = [
        pa.array(np.asarray(urns, dtype=np.int32)),
        pa.array(np.asarray(mondays, dtype=np.int32)).view(pa.date32()),
        pa.array(np.asarray(revisions, dtype=np.int64)),
        n_pupils,
        pa.array(packed, pa.binary()),
    ]
    return pa.table(columns, schema=WEEKS)


def digest_of(stamps: Stamps) -> str:
    """The digest of stamps: equal for what is equal."""
    return sha256(np.ascontiguousarray(stamps, dtype="<i8").tobytes()).hexdigest()


def _stamps(sql: sqlite3.Connection, statement: str, urns: str) -> Stamps:
    return np.array(sql.execute(statement, (urns,)).fetchall(), dtype=np.int64).reshape(-1, 4)


def _days(weeks: Stamps) -> npt.NDArray[np.datetime64]:
    return weeks[:, _MONDAY].astype("datetime64[D]")


def _years(weeks: Stamps) -> Stamps:
    """The year in which the academic year of each week's Friday begins."""
    months = (_days(weeks) + TO_FRIDAY).astype("datetime64[M]").astype(np.int64)  # from January 1970
    years: Stamps = 1970 + (months - (SEPTEMBER - 1)) // 12
    return years
